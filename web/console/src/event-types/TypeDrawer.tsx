import { useState } from "react";
import { Button } from "react-aria-components";
import { useClient, useQuery } from "urql";
import { problemOf, wordsOf } from "../api/problems";
import { Dialog } from "../ui/Dialog";
import { Link } from "../ui/Link";
import { ScopedButton } from "../ui/ScopedButton";
import { visible } from "../ui/times";
import { Refusals, Skeleton, Trouble } from "../ui/Trouble";
import { DELETE_TYPE, ONE_TYPE } from "./documents";
import { TypeForm } from "./TypeForm";

/** An entry of the catalogue, to be changed or deleted. */
export function TypeDrawer({ id, close }: { id: string; close: () => void }) {
  const [{ data, error }, again] = useQuery({ query: ONE_TYPE, variables: { id } });
  const problem = problemOf(error);
  const type = data?.node?.__typename === "EventType" ? data.node : null;
  return (
    <Dialog title={type ? visible(type.name) : "Event type"} isOpen setOpen={close} isDrawer isKept>
      {problem && <Trouble problem={problem} retry={() => again({ requestPolicy: "network-only" })} />}
      {!data && !problem && <Skeleton rows={4} />}
      {data && !type && <p>There is no event type {visible(id)}.</p>}
      {type && (
        <>
          <p>
            <Link to={`/events?type=${encodeURIComponent(type.name)}`}>Its events</Link>
          </p>
          <TypeForm key={type.id} type={type} close={close} />
          <Delete name={type.name} onDeleted={close} />
        </>
      )}
      {!type && (
        <Button className="button" onPress={close}>
          Close
        </Button>
      )}
    </Dialog>
  );
}

/** A new entry, with a name to begin from. */
export function NewTypeDrawer({ name, close }: { name: string; close: () => void }) {
  return (
    <Dialog title="Add event type" isOpen setOpen={close} isDrawer isKept>
      <TypeForm type={{ id: "", name, description: null, schema: null, strict: false, sample: null }} close={close} />
    </Dialog>
  );
}

function Delete({ name, onDeleted }: { name: string; onDeleted: () => void }) {
  const client = useClient();
  const [isAsking, setAsking] = useState(false);
  const [words, setWords] = useState<string[]>([]);
  const remove = async () => {
    const { data, error } = await client.mutation(DELETE_TYPE, { input: { name } }).toPromise();
    const refused = wordsOf(error, data?.eventTypeDelete?.userErrors);
    setWords(refused);
    if (!refused.length) onDeleted();
  };
  return (
    <section>
      <Refusals words={words} />
      {isAsking ? (
        <>
          <p>Its events are still accepted, unless the workspace takes only types of the catalogue. Its schema and sample are gone.</p>
          <div className="buttons">
            <Button className="button danger" autoFocus onPress={() => void remove()}>
              Delete it
            </Button>
            <Button className="button" onPress={() => setAsking(false)}>
              Keep it
            </Button>
          </div>
        </>
      ) : (
        <ScopedButton scope="webhooks:write" className="button danger" onPress={() => setAsking(true)}>
          Delete from the catalogue…
        </ScopedButton>
      )}
    </section>
  );
}
