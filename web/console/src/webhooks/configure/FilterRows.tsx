import { useState } from "react";
import { Button } from "react-aria-components";
import { Field } from "../../ui/fields";
import { Select } from "../../ui/Select";
import { filterOf, OPERATORS, rowsOf, type FilterRow } from "./filter-rows";

interface Props {
  text: string;
  setText: (text: string) => void;
  isDisabled: boolean;
}

const NEW: FilterRow = { path: "", operator: "eq", value: "" };

/** Conditions one by one. The JSON beside them says the same, and what rows can't. */
export function FilterRows({ text, setText, isDisabled }: Props) {
  // Rows that are not complete have no place in the JSON: they are kept here, while the JSON is what they make.
  const [typed, setTyped] = useState<FilterRow[]>([]);
  const rows = filterOf(complete(typed)) === text ? typed : rowsOf(text);
  if (!rows) return <p className="faint">This filter has groups, or is no object: rows can't show it.</p>;
  const change = (to: FilterRow[]) => {
    setTyped(to);
    setText(filterOf(complete(to)));
  };
  const set = (at: number, row: Partial<FilterRow>) => change(rows.map((old, place) => (place === at ? { ...old, ...row } : old)));
  return (
    <fieldset disabled={isDisabled}>
      <legend className="label">Conditions</legend>
      {rows.map((row, at) => (
        <div className="condition" key={at}>
          <Field label={`Path ${at + 1}`} value={row.path} onChange={(path) => set(at, { path })} placeholder="data.total" isMono isDisabled={isDisabled} />
          <Select label={`Operator ${at + 1}`} value={row.operator} onChange={(operator) => set(at, { operator })} options={operators(row.operator)} />
          <Field label={`Wanted ${at + 1}`} value={row.value} onChange={(value) => set(at, { value })} isMono isDisabled={isDisabled} />
          <Button className="button" isDisabled={isDisabled} aria-label={`Remove condition ${at + 1}`} onPress={() => change(rows.filter((_, place) => place !== at))}>
            Remove
          </Button>
        </div>
      ))}
      <Button className="button" isDisabled={isDisabled} onPress={() => change([...rows, NEW])}>
        Add condition
      </Button>
    </fieldset>
  );
}

const complete = (rows: readonly FilterRow[]) => rows.filter(({ path, value }) => path && value);
// One that the server does not know stays, to be seen and mended.
const operators = (present: string) => [...new Set([...Object.keys(OPERATORS), present])].map((name): [string, string] => [name, OPERATORS[name] ?? name]);
