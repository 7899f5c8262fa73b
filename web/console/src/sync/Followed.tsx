import type { FollowedFilesFragment } from "../gql/graphql";
import { Status } from "../ui/Status";
import { visible } from "../ui/times";
import { When } from "../ui/When";

/** Files that servers follow, and what is wrong with them at which place. Nothing where none are followed. */
export function Followed({ sources }: { sources: readonly FollowedFilesFragment[] }) {
  if (sources.length === 0) return null;
  return (
    <section className="news" aria-labelledby="followed">
      <h2 id="followed">Followed by the server</h2>
      <ul className="plain-list">
        {sources.map((one) => (
          <li key={one.path}>
            <Source source={one} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Source({ source }: { source: FollowedFilesFragment }) {
  const { problem } = source;
  return (
    <>
      <State source={source} />
      <code>{visible(source.path)}</code>
      <span className="faint">
        every {source.interval}, {source.checkedAt ? "looked at " : "not looked at yet"}
        {source.checkedAt && <When at={source.checkedAt} />}
      </span>
      {problem && <Problem problem={problem} since={source.degradedAt} />}
    </>
  );
}

function State({ source }: { source: FollowedFilesFragment }) {
  if (!source.isFollowed) return <Status tone="warn" icon="alert">No server follows it any more</Status>;
  if (source.problem) return <Status tone="bad" icon="alert">Not applied</Status>;
  return <Status tone="good" icon="check">Applied</Status>;
}

interface ProblemProps {
  problem: NonNullable<FollowedFilesFragment["problem"]>;
  since?: string | null;
}

function Problem({ problem, since }: ProblemProps) {
  const place = problem.file && [problem.file, problem.line, problem.column].join(":");
  return (
    <span>
      {place && <code>{visible(place)}</code>} {visible(problem.message)} ({problem.code}).{problem.hint && ` Hint: ${visible(problem.hint)}.`}{" "}
      The last good state stays. Began: {since ? <When at={since} /> : "unknown"}
    </span>
  );
}
