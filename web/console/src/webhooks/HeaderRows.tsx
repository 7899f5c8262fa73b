import { Button } from "react-aria-components";
import { Field } from "../ui/fields";
import type { HeaderRow } from "./form";

interface Props {
  rows: readonly HeaderRow[];
  setRows: (rows: HeaderRow[]) => void;
  error?: string;
  isDisabled: boolean;
}

/** Headers of every request. The server gives no secret value back: it is kept unless another one is typed. */
export function HeaderRows({ rows, setRows, error, isDisabled }: Props) {
  const change = (at: number, row: Partial<HeaderRow>) => setRows(rows.map((old, place) => (place === at ? { ...old, ...row } : old)));
  return (
    <fieldset>
      <legend className="label">Custom headers</legend>
      {rows.map((row, at) => (
        <div className="pair" key={at}>
          <Field label={`Header ${at + 1}`} value={row.name} onChange={(name) => change(at, { name })} isMono isDisabled={isDisabled} />
          <Field
            label={`Value ${at + 1}`}
            value={row.value ?? ""}
            onChange={(value) => change(at, { value })}
            placeholder={row.value === null ? "secret: kept unless you type another one" : ""}
            isMono
            isDisabled={isDisabled}
          />
          <Button className="button" isDisabled={isDisabled} aria-label={`Remove header ${at + 1}`} onPress={() => setRows(rows.filter((_, place) => place !== at))}>
            Remove
          </Button>
        </div>
      ))}
      {error && <p className="field-error">{error}</p>}
      <Button className="button" isDisabled={isDisabled} onPress={() => setRows([...rows, { name: "", value: "" }])}>
        Add header
      </Button>
    </fieldset>
  );
}
