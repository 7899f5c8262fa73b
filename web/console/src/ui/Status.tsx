import { Icon, type IconName } from "./icons";

export type Tone = "good" | "bad" | "warn" | "calm";

/** A state as icon and word: never by colour alone. */
export function Status({ tone, icon, children, title }: { tone: Tone; icon: IconName; children: string; title?: string }) {
  return (
    <span className={`status ${tone}`} title={title}>
      <Icon name={icon} />
      {children}
    </span>
  );
}

const WEBHOOK: Record<string, [Tone, IconName, string]> = {
  ACTIVE: ["good", "check", "Active"],
  INACTIVE: ["calm", "pause", "Inactive"],
  AUTO_DISABLED: ["bad", "alert", "Auto-disabled"],
};

export function WebhookStatus({ status }: { status: string }) {
  const [tone, icon, word] = WEBHOOK[status] ?? ["calm", "question", status];
  return (
    <Status tone={tone} icon={icon}>
      {word}
    </Status>
  );
}
