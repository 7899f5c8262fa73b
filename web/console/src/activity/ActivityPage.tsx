import { useMay } from "../frame/viewer";
import { NeedsScope } from "../ui/NeedsScope";
import { Title } from "../ui/Title";
import { AttemptLog } from "./AttemptLog";

/** Attempts of all webhooks. */
export default function ActivityPage() {
  if (!useMay()("deliveries:read")) return <NeedsScope title="Activity" scope="deliveries:read" />;
  return (
    <main id="main">
      <div className="head">
        <Title>Activity</Title>
      </div>
      <AttemptLog />
    </main>
  );
}
