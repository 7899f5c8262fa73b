import { Editor } from "../../ui/Editor";
import { Field } from "../../ui/fields";
import { Payload } from "../../ui/Payload";
import { Select } from "../../ui/Select";
import { relative, visible } from "../../ui/times";
import type { RecentEvent, Trial } from "./useTrial";
import type { Part } from "./useWebhookForm";

/** The template, and beside it what it makes of an event as it is typed. */
export function Template({ form, set, fields, isDisabled, trial }: Part & { trial: Trial }) {
  const { tried, events, eventId, setEventId } = trial;
  const request = tried?.answer.request;
  return (
    <div className="beside">
      <div className="form">
        <Editor
          label="Payload template"
          language="minijinja"
          value={form.payloadTemplate}
          onChange={(payloadTemplate) => set({ payloadTemplate })}
          error={fields.payloadTemplate ?? tried?.fields.payloadTemplate}
          help="The request's body in minijinja, with event and webhook. Empty: the event as JSON."
          isDisabled={isDisabled}
        />
        <Field
          label="Content type"
          value={form.payloadContentType}
          onChange={(payloadContentType) => set({ payloadContentType })}
          error={fields.payloadContentType ?? tried?.fields.payloadContentType}
          isMono
          isDisabled={isDisabled}
        />
      </div>
      <section className="form" aria-label="Dry run">
        <Select label="Dry run with" isLabelShown value={eventId} onChange={setEventId} options={[["", "a sample event"], ...events.map(optionOf)]} />
        {!tried && <p className="faint">Asking…</p>}
        {tried && (
          <p role="status">
            {tried.answer.matches === true && "The webhook would get this event."}
            {tried.answer.matches === false && "The webhook would not get this event:"}
            {tried.answer.matches === null && "There is no body: something has to be mended first."}
          </p>
        )}
        {tried && [...tried.answer.reasons, ...tried.rest].length > 0 && (
          <ul className="plain-list">
            {[...tried.answer.reasons, ...tried.rest].map((words) => (
              <li key={words}>{visible(words)}</li>
            ))}
          </ul>
        )}
        {request && <Payload label="Body of the request" text={request.body} missing="" />}
      </section>
    </div>
  );
}

const optionOf = ({ id, type, environment, receivedAt }: RecentEvent): [string, string] => [
  id,
  `${visible(type)}, ${environment}, ${relative(receivedAt, Date.now())}`,
];
