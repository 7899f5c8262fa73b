import { useState } from "react";
import { Button } from "react-aria-components";
import { useClient, useQuery } from "urql";
import { problemOf, wordsOf } from "../api/problems";
import { useLive } from "../api/useLive";
import type { JobRowFragment } from "../gql/graphql";
import { go, usePlace, withSearch } from "../ui/location";
import { ScopedButton } from "../ui/ScopedButton";
import { visible } from "../ui/times";
import { Refusals, Trouble } from "../ui/Trouble";
import { NO_FILTER } from "./filters";
import { CANCEL_JOB, JOB, JOBS_LIVE } from "./job-documents";

/** How far a job is, as it goes on. Its id stands in the address, so that a reload shows it again. */
export function JobProgress({ id, close }: { id: string; close: () => void }) {
  const client = useClient();
  const [{ data, error }, again] = useQuery({ query: JOB, variables: { id }, requestPolicy: "network-only" });
  const [news, setNews] = useState<JobRowFragment | null>(null);
  const [words, setWords] = useState<string[]>([]);
  const read = () => {
    setNews(null);
    again({ requestPolicy: "network-only" });
  };
  useLive<JobRowFragment>(JOBS_LIVE, { after: null, onNode: (node) => node.id === id && setNews(node), onGap: read });
  const cancel = async () => {
    const { data: done, error: failed } = await client.mutation(CANCEL_JOB, { input: { id } }).toPromise();
    setWords(wordsOf(failed, done?.jobCancel?.userErrors));
    read();
  };
  const problem = problemOf(error);
  const job = news ?? data?.job;
  const { search } = usePlace();
  const isFiltered = Object.keys(NO_FILTER).some((name) => search.get(name));
  const isOpen = job?.status === "PENDING" || job?.status === "RUNNING";
  return (
    <section className="job" aria-label="Retry in progress">
      {problem && <Trouble problem={problem} retry={read} />}
      {data && !job && <p>This job is not there, or not any more.</p>}
      {job && (
        <>
          <p role="status">{sentenceOf(job, isFiltered)}</p>
          {isOpen && <progress aria-label="Queued for sending" value={job.total ? job.done : undefined} max={job.total ?? undefined} />}
        </>
      )}
      <Refusals words={words} />
      <div className="buttons">
        {isOpen && (
          <ScopedButton scope="deliveries:retry" className="button small" onPress={() => void cancel()}>
            Stop
          </ScopedButton>
        )}
        {isFiltered && Boolean(job?.done) && (
          <Button className="button small" onPress={() => go(withSearch(NO_FILTER), { isReplaced: true })}>
            Show their attempts
          </Button>
        )}
        {!isOpen && (
          <Button className="button small" onPress={close}>
            Close
          </Button>
        )}
      </div>
    </section>
  );
}

function sentenceOf({ status, done, total, error }: JobRowFragment, isFiltered: boolean): string {
  const count = `${done.toLocaleString()}${typeof total === "number" ? ` of ${total.toLocaleString()}` : ""}`;
  switch (status) {
    case "PENDING":
      return "The retry begins in a moment.";
    case "RUNNING":
      return `${count} queued for sending.`;
    case "SUCCEEDED":
      return `All ${done.toLocaleString()} are queued for sending.${isFiltered ? "" : " Their attempts appear below."}`;
    case "CANCELLED":
      return `Stopped: ${count} were queued for sending before.`;
    default:
      return `The retry ended early: ${visible(error ?? "")} ${count} were queued for sending.`;
  }
}
