import { useState } from "react";
import { Button } from "react-aria-components";
import { type CombinedError, useClient } from "urql";
import { wordsOf } from "../api/problems";
import type { SeveralFragment } from "../gql/graphql";
import { Dialog } from "../ui/Dialog";
import { Status } from "../ui/Status";
import { visible } from "../ui/times";
import { Refusals } from "../ui/Trouble";
import { DELETE_SEVERAL, SET_SEVERAL } from "./documents";
import type { Row } from "./types";
import { ScopedButton } from "../ui/ScopedButton";

type Result = NonNullable<SeveralFragment["results"]>[number];
interface Report {
  done: string;
  /** Of the webhooks by id, as they were: the list has lost those that were deleted. */
  names: ReadonlyMap<string, string>;
  results: readonly Result[];
  words: readonly string[];
}
const count = (number: number) => `${number} ${number === 1 ? "webhook" : "webhooks"}`;

/** What can be done with the selected webhooks at once, and what became of each. */
export function Selected({ webhooks, clear }: { webhooks: readonly Row[]; clear: () => void }) {
  const client = useClient();
  const [isDeleting, setDeleting] = useState(false);
  const [report, setReport] = useState<Report | null>(null);
  const selection = webhooks.map(({ id }) => ({ id }));
  const names = new Map(webhooks.map(({ id, name }) => [id, name]));
  const tell = (done: string, answer: SeveralFragment | null | undefined, error: CombinedError | undefined) =>
    setReport({ done, names, results: answer?.results ?? [], words: wordsOf(error, answer?.userErrors) });
  const turn = async (active: boolean) => {
    const { data, error } = await client.mutation(SET_SEVERAL, { input: { webhooks: selection, active } }).toPromise();
    tell(active ? "on" : "off", data?.webhooksSetActive, error);
  };
  const remove = async () => {
    setDeleting(false);
    const { data, error } = await client.mutation(DELETE_SEVERAL, { input: { webhooks: selection } }).toPromise();
    tell("deleted", data?.webhooksDelete, error);
  };
  const finish = () => {
    setReport(null);
    clear();
  };
  const open = webhooks.reduce((sum, { health }) => sum + health.backlog, 0);
  if (report) return <ReportDialog report={report} close={finish} />;
  if (!webhooks.length) return null;
  return (
    <div className="job" role="region" aria-label="Selected webhooks">
      <p>{count(webhooks.length)} selected</p>
      <div className="buttons">
        <ScopedButton scope="webhooks:write" className="button small" onPress={() => void turn(true)}>
          Turn on
        </ScopedButton>
        <ScopedButton scope="webhooks:write" className="button small" onPress={() => void turn(false)}>
          Turn off
        </ScopedButton>
        <ScopedButton scope="webhooks:write" className="button small danger" onPress={() => setDeleting(true)}>
          Delete…
        </ScopedButton>
        <Button className="button small" onPress={clear}>
          Clear the selection
        </Button>
      </div>
      <Dialog title={`Delete ${count(webhooks.length)}?`} isOpen={isDeleting} setOpen={setDeleting}>
        <ul>
          {webhooks.map(({ id, name }) => (
            <li key={id}>{visible(name)}</li>
          ))}
        </ul>
        <p>{open ? `${open} open ${open === 1 ? "delivery is" : "deliveries are"} cancelled.` : "No open delivery is lost."}</p>
        <div className="buttons">
          <Button className="button danger" onPress={() => void remove()}>
            Delete {count(webhooks.length)}
          </Button>
          <Button className="button" slot="close" autoFocus>
            Keep them
          </Button>
        </div>
      </Dialog>
    </div>
  );
}

function ReportDialog({ report, close }: { report: Report; close: () => void }) {
  const { done, names, results, words } = report;
  const refused = results.filter(({ userErrors }) => userErrors.length);
  return (
    <Dialog title={`${results.length - refused.length} of ${results.length} ${done}`} isOpen setOpen={close}>
      <Refusals words={words} />
      <ul className="plain-list">
        {results.map(({ id, userErrors }) => (
          <li key={id}>
            <Status tone={userErrors.length ? "bad" : "good"} icon={userErrors.length ? "cross" : "check"}>
              {visible(names.get(id) ?? id)}
            </Status>
            {userErrors.map(({ message }) => (
              <span key={message} className="under">
                {visible(message)}
              </span>
            ))}
          </li>
        ))}
      </ul>
      <div className="buttons after">
        <Button className="button" onPress={close}>
          Close
        </Button>
      </div>
    </Dialog>
  );
}
