import { Button } from "react-aria-components";
import { visible } from "../ui/times";
import { When } from "../ui/When";
import type { Form } from "./form";
import type { Webhook } from "./types";
import { actorName } from "./actor";

interface Props {
  mine: Form;
  base: Form;
  theirs: Form;
  by: Webhook;
  take: () => void;
  overwrite: () => void;
}

// A secret that was typed is said to be there, never shown.
const written = (field: keyof Form, form: Form): string => {
  if (field === "secretValue" || field === "password") return form[field] ? "typed here" : "not typed";
  const value = form[field];
  return typeof value === "string" ? value : JSON.stringify(value);
};

/** Somebody saved meanwhile: both versions of each field that differs, side by side. */
export function Conflict({ mine, base, theirs, by, take, overwrite }: Props) {
  const fields = (Object.keys(mine) as (keyof Form)[]).filter((field) => {
    const [own, old, other] = [written(field, mine), written(field, base), written(field, theirs)];
    return own !== other && (own !== old || other !== old);
  });
  return (
    <div className="trouble" role="alert" tabIndex={-1}>
      <div>
        <p>
          {actorName(by.modifiedBy)} saved this webhook meanwhile, <When at={by.modifiedAt} />.
        </p>
        <table>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Yours</th>
              <th scope="col">Saved meanwhile</th>
            </tr>
          </thead>
          <tbody>
            {fields.map((field) => (
              <tr key={field}>
                <th scope="row">{field}</th>
                <td>{visible(written(field, mine))}</td>
                <td>{visible(written(field, theirs))}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <div className="buttons">
          <Button className="button" onPress={overwrite}>
            Save mine over it
          </Button>
          <Button className="button" onPress={take}>
            Take theirs
          </Button>
        </div>
      </div>
    </div>
  );
}
