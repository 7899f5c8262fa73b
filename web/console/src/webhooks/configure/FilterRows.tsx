import { type ReactNode, useId, useState } from "react";
import { Button } from "react-aria-components";
import { Select } from "../../ui/Select";
import { filterOf, OPERATORS, rowsOf, type FilterRow } from "./filter-rows";
import { usePaths } from "./usePaths";

interface Props {
  text: string;
  setText: (text: string) => void;
  /** Whose events' paths are offered. */
  pattern: string;
  isDisabled: boolean;
  /** Beside the button that adds one. */
  children: ReactNode;
}

const NEW: FilterRow = { path: "", operator: "eq", value: "" };

/** Conditions one by one, of a filter that rows can show. */
export function FilterRows({ text, setText, pattern, isDisabled, children }: Props) {
  // Rows that are not complete have no place in the JSON: they are kept here, while the JSON is what they make.
  const [typed, setTyped] = useState<FilterRow[]>([]);
  const rows = filterOf(complete(typed)) === text ? typed : (rowsOf(text) ?? []);
  const paths = usePaths(pattern, rows.length > 0);
  const id = useId();
  const change = (to: FilterRow[]) => {
    setTyped(to);
    setText(filterOf(complete(to)));
  };
  const set = (at: number, row: Partial<FilterRow>) => change(rows.map((old, place) => (place === at ? { ...old, ...row } : old)));
  return (
    <>
      {rows.length === 0 && <span className="faint">No condition: each event of these types is sent.</span>}
      {rows.map((row, at) => (
        <div className="condition" key={at}>
          <Text number={at + 1} name="Path" value={row.path} list={id} hint="data.total" change={(path) => set(at, { path })} isNew={row === NEW} isDisabled={isDisabled} />
          <Select label={`Operator ${at + 1}`} value={row.operator} onChange={(operator) => set(at, { operator })} options={operators(row.operator)} />
          <Text number={at + 1} name="Compare with" value={row.value} hint="100" change={(value) => set(at, { value })} isDisabled={isDisabled} />
          <Button className="button" isDisabled={isDisabled} aria-label={`Remove condition ${at + 1}`} onPress={() => change(rows.filter((_, place) => place !== at))}>
            Remove
          </Button>
        </div>
      ))}
      <datalist id={id}>
        {paths.map((path) => (
          <option key={path} value={path} />
        ))}
      </datalist>
      <div className="buttons">
        <Button className="button" isDisabled={isDisabled} onPress={() => change([...rows, NEW])}>
          Add condition
        </Button>
        {children}
      </div>
    </>
  );
}

interface TextProps {
  number: number;
  name: string;
  value: string;
  change: (value: string) => void;
  hint: string;
  list?: string;
  /** Just added: typing goes on there. */
  isNew?: boolean;
  isDisabled: boolean;
}

/** A part of a condition; those of the first one name the columns. */
function Text({ number, name, value, change, hint, list, isNew = false, isDisabled }: TextProps) {
  return (
    <label className="field">
      <span className={number === 1 ? "help" : "hidden"}>
        {name}
        <span className="hidden"> {number}</span>
      </span>
      <input
        className="react-aria-Input mono"
        list={list}
        value={value}
        onChange={(event) => change(event.target.value)}
        placeholder={hint}
        disabled={isDisabled}
        // oxlint-disable-next-line jsx-a11y/no-autofocus
        autoFocus={isNew}
        autoComplete="off"
        spellCheck={false}
      />
    </label>
  );
}

const complete = (rows: readonly FilterRow[]) => rows.filter(({ path, value }) => path && value);
// One that the server does not know stays, to be seen and mended.
const operators = (present: string) => [...new Set([...Object.keys(OPERATORS), present])].map((name): [string, string] => [name, OPERATORS[name] ?? name]);
