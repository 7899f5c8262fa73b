import type { ShownPlanFragment } from "../gql/graphql";
import { visible } from "../ui/times";
import { ChangeOf } from "./ChangeOf";
import { PolicyChanges } from "./PolicyChanges";
import { withoutSlug } from "./values";

/** A plan: its sum, what blocks it, warnings, and each change. */
export function PlanOf({ plan }: { plan: ShownPlanFragment }) {
  const { changes, unchanged, unknownSecrets, policyChanges, restores } = plan;
  return (
    <section aria-labelledby="plan">
      <h3 id="plan">
        Set {visible(plan.set)}: {changes.length === 1 ? "1 change" : `${changes.length} changes`}, {unchanged} unchanged
      </h3>
      {plan.blocked.length > 0 && (
        <div className="trouble">
          <div>
            <strong>Blocked</strong>
            {plan.blocked.map(({ message, slug, flag }, at) => (
              <p key={at}>
                {slug && `${visible(slug)}: `}
                {visible(withoutSlug(message, slug))} {flag && !restores && <code>{flag}</code>}
              </p>
            ))}
          </div>
        </div>
      )}
      {plan.warnings.map(({ message, line }, at) => (
        <p key={at} className="faint">
          {line && `line ${line}: `}
          {visible(message)}
        </p>
      ))}
      <PolicyChanges changes={policyChanges} />
      {unknownSecrets.length > 0 && <p className="faint">Not compared: {unknownSecrets.map(visible).join(", ")}</p>}
      {changes.map((change) => (
        <ChangeOf key={`${change.slug} ${change.kind}`} change={change} restores={restores} />
      ))}
    </section>
  );
}
