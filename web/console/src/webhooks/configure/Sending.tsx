import { useState } from "react";
import { Button } from "react-aria-components";
import { Check } from "../../ui/Check";
import { Field } from "../../ui/fields";
import { span } from "../../ui/times";
import { millisecondsOf, scheduleInWords, timesOf } from "./retry";
import type { Part } from "./useWebhookForm";

const DEFAULT_POLICY = { failures: "10", over: "2d" };

/** How fast requests are sent, how often again, and when a webhook that fails is disabled. */
export function Sending(part: Part) {
  const { form, set, fields, isDisabled } = part;
  return (
    <>
      <div className="three">
        <Field label="Timeout" value={form.timeout} onChange={(timeout) => set({ timeout })} error={fields.timeout} help="1s to 60s for one attempt." isMono isDisabled={isDisabled} />
        <Field
          label="Requests at a time"
          value={form.concurrency}
          onChange={(concurrency) => set({ concurrency })}
          error={fields.concurrency}
          help="1 to 100."
          isMono
          isDisabled={isDisabled}
        />
        <Field
          label="Rate limit"
          value={form.rateLimit}
          onChange={(rateLimit) => set({ rateLimit })}
          error={fields.rateLimit}
          help="Such as 20/s or 600/m. Empty: none."
          isMono
          isDisabled={isDisabled}
        />
      </div>
      <Schedule {...part} />
      <AutoDisable {...part} />
    </>
  );
}

/** The pauses as chips along the time, and a field for one more. */
function Schedule({ form, set, fields, isDisabled }: Part) {
  const [pause, setPause] = useState("");
  const times = timesOf(form.schedule);
  const add = () => {
    if (!pause.trim()) return;
    set({ schedule: [...form.schedule, pause.trim()] });
    setPause("");
  };
  return (
    <fieldset>
      <legend className="label">Retries</legend>
      <p>{scheduleInWords(form.schedule)}</p>
      <ol className="chips">
        <li>
          <span className="chip">at once</span>
          <span className="under">attempt 1</span>
        </li>
        {form.schedule.map((one, at) => (
          <li key={at}>
            <span className={times[at] === null && millisecondsOf(one) === null ? "chip bad" : "chip"}>
              +{one}
              <Button
                className="ghost"
                isDisabled={isDisabled}
                aria-label={`Remove pause ${at + 1}, ${one}`}
                onPress={() => set({ schedule: form.schedule.filter((_, place) => place !== at) })}
              >
                ×
              </Button>
            </span>
            <span className="under">
              attempt {at + 2}
              {times[at] !== null && `, ${span(times[at]!)}`}
            </span>
          </li>
        ))}
      </ol>
      <div className="pair">
        <Field label="Another pause" value={pause} onChange={setPause} onEnter={add} placeholder="6h" error={fields.retry} isMono isDisabled={isDisabled} />
        <Button className="button" isDisabled={isDisabled || !pause.trim()} onPress={add}>
          Add pause
        </Button>
      </div>
    </fieldset>
  );
}

/** The rule in a sentence, with its two figures to fill in. */
function AutoDisable({ form, set, fields, isDisabled }: Part) {
  const policy = form.autoDisable;
  const change = (part: Partial<typeof DEFAULT_POLICY>) => set({ autoDisable: { ...(policy ?? DEFAULT_POLICY), ...part } });
  return (
    <fieldset>
      <legend className="label">Auto-disable</legend>
      <Check isOn={policy !== null} onChange={(isOn) => set({ autoDisable: isOn ? DEFAULT_POLICY : null })} isDisabled={isDisabled}>
        Disable the webhook when it keeps failing
      </Check>
      {policy && (
        <div className="three">
          <Field
            label="Failed attempts in a row"
            value={policy.failures}
            onChange={(failures) => change({ failures })}
            error={fields.autoDisable}
            isMono
            isDisabled={isDisabled}
          />
          <Field label="Over at least" value={policy.over} onChange={(over) => change({ over })} isMono isDisabled={isDisabled} />
        </div>
      )}
      <p className="help">{policyInWords(policy)}</p>
      {!policy && fields.autoDisable && <p className="field-error">{fields.autoDisable}</p>}
    </fieldset>
  );
}

function policyInWords(policy: { failures: string; over: string } | null): string {
  if (!policy) return "It is never disabled, however long it fails.";
  const length = millisecondsOf(policy.over);
  const over = length === null ? policy.over : span(length);
  return `It is disabled after ${policy.failures} failed attempts in a row over at least ${over}, or after three responses of 410 Gone in a row. Open deliveries are held then.`;
}
