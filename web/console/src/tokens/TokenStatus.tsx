import { Status } from "../ui/Status";
import type { TokenState } from "./rights";

export function TokenStatus({ state }: { state: TokenState }) {
  if (state === "VALID") {
    return (
      <Status tone="good" icon="check">
        Valid
      </Status>
    );
  }
  return (
    <Status tone="calm" icon={state === "EXPIRED" ? "clock" : "cross"}>
      {state === "EXPIRED" ? "Expired" : "Revoked"}
    </Status>
  );
}
