import { useState } from "react";
import { Button } from "react-aria-components";
import { Editor } from "../../ui/Editor";
import { visible } from "../../ui/times";
import { rowsOf } from "./filter-rows";
import { FilterRows } from "./FilterRows";
import { FilterTrial } from "./FilterTrial";
import type { Trial } from "./useTrial";
import type { Part } from "./useWebhookForm";

interface Props extends Part {
  id: string;
  changes: Record<string, unknown>;
  trial: Trial;
}

/** The filter: nothing but a button while there is none, then conditions, the same as JSON, and what it says of events. */
export function OnlyWhen({ form, set, fields, isDisabled, id, changes, trial }: Props) {
  const [isJson, setJson] = useState(false);
  const { tried, events, eventId } = trial;
  const asRows = rowsOf(form.filter) !== null;
  // What the server refused is marked in the text.
  const hasEditor = isJson || !asRows || Boolean(fields.filter);
  const error = fields.filter ?? tried?.fields.filter;
  const setFilter = (filter: string) => set({ filter });
  return (
    <fieldset className="only-when" disabled={isDisabled}>
      <legend className="label">Only when</legend>
      {asRows ? (
        <FilterRows text={form.filter} setText={setFilter} pattern={form.events[0] ?? ""} isDisabled={isDisabled}>
          <Button className="button" onPress={() => setJson(!isJson)}>
            {isJson ? "Hide JSON" : "Show as JSON"}
          </Button>
        </FilterRows>
      ) : (
        <p className="faint">This filter has groups, or is no object: as JSON alone.</p>
      )}
      {hasEditor && (
        <Editor
          label="Filter"
          language="json"
          value={form.filter}
          onChange={setFilter}
          error={error}
          help='Conditions on the event, all of which must hold: {"data.total": {"gte": 100}}. Empty: none.'
          isDisabled={isDisabled}
        />
      )}
      {!hasEditor && error && <p className="field-error">{visible(error)}</p>}
      {form.filter.trim() && <FilterTrial key={JSON.stringify(changes)} id={id} changes={changes} tried={tried} events={events} eventId={eventId} />}
    </fieldset>
  );
}
