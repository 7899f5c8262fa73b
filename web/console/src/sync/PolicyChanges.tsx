import { visible } from "../ui/times";

/** Changes of the policy and of lifecycles: a guard that is lifted is seen. */
export function PolicyChanges({ changes }: { changes: readonly string[] }) {
  if (changes.length === 0) return null;
  return (
    <section className="change">
      <h4>
        Policy <span className="badge">Changed</span>
      </h4>
      <ul className="plain-list">
        {changes.map((change) => (
          <li key={change}>{visible(change)}</li>
        ))}
      </ul>
    </section>
  );
}
