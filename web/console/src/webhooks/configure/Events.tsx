import { useId, useMemo, useState } from "react";
import { Button } from "react-aria-components";
import { useQuery } from "urql";
import { useMay } from "../../frame/viewer";
import { Field } from "../../ui/fields";
import { eventsOf } from "../form";
import { PATTERN_COUNTS } from "./documents";
import { choicesAt, partsOf, withPart, type Parts } from "./events-parts";
import { useEventTypes } from "./useEventTypes";
import { useSettled } from "./useSettled";
import type { Part } from "./useWebhookForm";

const NAMES = ["Object", "Model", "Action"];

interface Props extends Pick<Part, "fields" | "isDisabled"> {
  form: Pick<Part["form"], "events" | "environments">;
  set: (change: { events: string[] }) => void;
}

/** Patterns of the events that a webhook gets: chosen part by part, or as a text. */
export function Events({ form, set, fields, isDisabled }: Props) {
  const [isText, setText] = useState(false);
  const types = useEventTypes();
  const counts = useCounts(form.events, form.environments);
  // As they were when the server judged them: an edited or moved one has no error of another.
  // oxlint-disable-next-line exhaustive-deps
  const judged = useMemo(() => form.events, [fields]);
  const errorOf = (pattern: string) => fields[`events.${judged.indexOf(pattern)}`];
  const isOfOne = Object.keys(fields).some((name) => name.startsWith("events."));
  const change = (at: number, pattern: string) => set({ events: form.events.map((old, place) => (place === at ? pattern : old)) });
  return (
    <fieldset className="events">
      <legend className="label">Triggering events</legend>
      {!isText &&
        form.events.map((pattern, at) => (
          <Row
            key={at}
            number={at + 1}
            pattern={pattern}
            types={types}
            count={counts?.get(pattern)}
            change={(text) => change(at, text)}
            remove={() => set({ events: form.events.filter((_, place) => place !== at) })}
            error={errorOf(pattern)}
            isInvalid={Boolean(fields.events) && !isOfOne}
            isDisabled={isDisabled}
          />
        ))}
      {isText && <AsText events={form.events} set={(events) => set({ events })} error={fields.events} isDisabled={isDisabled} />}
      {!isText && fields.events && !isOfOne && <p className="field-error">{fields.events}</p>}
      <div className="buttons">
        {!isText && (
          <Button className="button" isDisabled={isDisabled} onPress={() => set({ events: [...form.events, "*.*.*"] })}>
            Add pattern
          </Button>
        )}
        <Button className="button" onPress={() => setText(!isText)}>
          {isText ? "Choose part by part" : "Write as text"}
        </Button>
      </div>
    </fieldset>
  );
}

interface RowProps {
  number: number;
  pattern: string;
  types: readonly string[];
  /** Of events that it would have matched. undefined: not known. */
  count: string | undefined;
  change: (pattern: string) => void;
  remove: () => void;
  error: string | undefined;
  /** All of them are, together. */
  isInvalid: boolean;
  isDisabled: boolean;
}

/** Three fields, each with what the ones before it leave; anything else may be typed. */
function Row({ number, pattern, types, count, change, remove, error, isInvalid, isDisabled }: RowProps) {
  const id = useId();
  const parts: Parts = partsOf(pattern) ?? [pattern, "", ""];
  return (
    <div className="parts">
      {NAMES.map((name, at) => (
        <label key={name} className="field">
          <span className={number === 1 ? "help" : "hidden"}>
            {name}
            <span className="hidden"> {number}</span>
          </span>
          <input
            className="react-aria-Input mono"
            list={`${id}${at}`}
            value={parts[at]}
            onChange={(event) => change(withPart(parts, at, event.target.value))}
            aria-invalid={Boolean(error) || isInvalid || undefined}
            aria-describedby={error ? `${id}error` : undefined}
            disabled={isDisabled}
            autoComplete="off"
            spellCheck={false}
          />
          <datalist id={`${id}${at}`}>
            {choicesAt(types, parts, at).map((choice) => (
              <option key={choice} value={choice} label={choice === "*" ? "any" : undefined} />
            ))}
          </datalist>
        </label>
      ))}
      <Button className="button" isDisabled={isDisabled} aria-label={`Remove pattern ${number}`} onPress={remove}>
        Remove
      </Button>
      {error && (
        <span className="under field-error" id={`${id}error`}>
          {error}
        </span>
      )}
      <span className="under" aria-live="polite">
        {error ? "" : (count ?? "")}
      </span>
    </div>
  );
}

interface TextProps {
  events: readonly string[];
  set: (events: string[]) => void;
  error?: string;
  isDisabled: boolean;
}

function AsText({ events, set, error, isDisabled }: TextProps) {
  const [text, setText] = useState(() => events.join("\n"));
  // Anything else than what is typed here: a save, or "Discard changes".
  const isTyped = eventsOf(text).join("\n") === events.join("\n");
  const change = (typed: string) => {
    setText(typed);
    set(eventsOf(typed));
  };
  return (
    <Field
      label="Patterns"
      value={isTyped ? text : events.join("\n")}
      onChange={change}
      error={error}
      help="One pattern object.model.action a line; * stands for any one segment."
      isLong
      isDisabled={isDisabled}
    />
  );
}

/** By pattern how many events of the last 24 hours it matches, in words; undefined before it is known, or where the token may not. */
function useCounts(events: readonly string[], environments: readonly string[]): Map<string, string> | undefined {
  const may = useMay();
  const asked = useSettled({ patterns: events.slice(0, 100), environments: [...environments] }, 300);
  const [{ data }] = useQuery({ query: PATTERN_COUNTS, variables: asked, pause: !may("deliveries:read") || !asked.patterns.length || !asked.environments.length });
  const found = data?.eventPatternCounts;
  if (!found) return undefined;
  const within = found.exact ? "in the last 24 h" : "of the newest 100,000";
  return new Map(found.counts.map(({ pattern, events: count }): [string, string] => [pattern, wordsOf(count, within)]));
}

function wordsOf(count: number | null | undefined, within: string): string {
  if (count === null || count === undefined) return "Not a pattern yet: object.model.action";
  return count === 1 ? `1 event ${within}` : `${count.toLocaleString()} events ${within}`;
}
