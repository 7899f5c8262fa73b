import { useState } from "react";
import { Button, Form, Radio, RadioGroup, Label } from "react-aria-components";
import { useClient } from "urql";
import { placedAt, wordsOf } from "../api/problems";
import { useMay } from "../frame/viewer";
import type { TokenRole } from "../gql/graphql";
import { Check } from "../ui/Check";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/fields";
import { Select } from "../ui/Select";
import { Refusals } from "../ui/Trouble";
import { CREATE_TOKEN } from "./documents";
import { boundTo, HELD, ROLES, SCOPES, SET_SCOPES } from "./rights";
import { Secret } from "./Secret";

const OWN = "OWN";
const DAY = 24 * 3_600_000;
const EXPIRIES = [["7", "In 7 days"], ["30", "In 30 days"], ["90", "In 90 days"], ["365", "In a year"], ["", "Never"], ["at", "At a time…"]] as const;
const FIELDS = ["name", "role", "scopes", "expiresAt"];

interface Props {
  close: () => void;
  onCreated: () => void;
}

/** Makes a token, and shows its text once. The text lives in this component alone: it is gone with the dialog. */
export function CreateDialog({ close, onCreated }: Props) {
  const client = useClient();
  const [name, setName] = useState("");
  const [role, setRole] = useState<TokenRole | typeof OWN>("VIEWER");
  const [scopes, setScopes] = useState<readonly string[]>([]);
  const [sets, setSets] = useState("");
  const [expiry, setExpiry] = useState("90");
  const [time, setTime] = useState("");
  const [refused, setRefused] = useState<ReturnType<typeof placedAt>>({ fields: {}, rest: [] });
  const [isBusy, setBusy] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const { fields } = refused;
  const chosen = role === OWN ? scopes : HELD[role];
  const hasSetScopes = chosen.some((scope) => SET_SCOPES.includes(scope));
  const named = hasSetScopes ? sets.split(/[\s,;]+/).filter(Boolean) : [];
  const submit = async () => {
    if (expiry === "at" && Number.isNaN(Date.parse(time))) return setRefused({ fields: { expiresAt: "Give a date and a time." }, rest: [] });
    setBusy(true);
    const rights = role === OWN || named.length ? { scopes: boundTo(chosen, named) } : { role };
    const { data, error } = await client.mutation(CREATE_TOKEN, { input: { name, ...rights, expiresAt: timeOf(expiry, time) } }).toPromise();
    setBusy(false);
    const { fields: places, rest } = placedAt(FIELDS, data?.tokenCreate?.userErrors ?? []);
    setRefused({ fields: places, rest: [...wordsOf(error, undefined), ...rest] });
    if (!data?.tokenCreate?.secret) return;
    setSecret(data.tokenCreate.secret);
    onCreated();
  };
  if (secret) return <Secret name={name} text={secret} close={close} />;
  return (
    <Dialog title="Create a token" isOpen setOpen={close}>
      <Refusals words={refused.rest} />
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isBusy) void submit();
        }}
      >
        <Field label="Name" value={name} onChange={setName} error={fields.name} help="Stands in the audit log as who did it, such as billing-service." />
        <Roles role={role} setRole={setRole} />
        {fields.role && <p className="field-error">{fields.role}</p>}
        {role === OWN && <Scopes scopes={scopes} setScopes={setScopes} />}
        {hasSetScopes && (
          <Field label="Only for these sets" value={sets} onChange={setSets} isMono help="Names of sets, separated by commas. Without one: for every set." />
        )}
        {fields.scopes && <p className="field-error">{fields.scopes}</p>}
        <Select label="Expires" isLabelShown value={expiry} onChange={setExpiry} options={EXPIRIES} />
        {expiry === "at" && (
          <label className="field">
            <span className="label">Time, in this browser's zone</span>
            <input type="datetime-local" className="react-aria-Input" value={time} onChange={(event) => setTime(event.target.value)} />
          </label>
        )}
        {fields.expiresAt && <p className="field-error">{fields.expiresAt}</p>}
        <div className="buttons">
          <Button type="submit" className="button primary">
            {isBusy ? "Creating…" : "Create"}
          </Button>
          <Button className="button" slot="close">
            Cancel
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

function Roles({ role, setRole }: { role: string; setRole: (role: TokenRole | typeof OWN) => void }) {
  const may = useMay();
  return (
    <RadioGroup className="radios" value={role} onChange={(chosen) => setRole(chosen as TokenRole | typeof OWN)}>
      <Label className="label">May do</Label>
      {ROLES.map(([value, title, text]) => {
        const lacking = HELD[value].filter((scope) => !may(scope));
        return (
          <Radio key={value} value={value} className="radio" isDisabled={lacking.length > 0}>
            <span className="box" aria-hidden="true" />
            <span>
              <strong>{title}</strong> <span className="under">{lacking.length ? `Your token lacks ${lacking.join(", ")}.` : text}</span>
            </span>
          </Radio>
        );
      })}
      <Radio value={OWN} className="radio">
        <span className="box" aria-hidden="true" />
        <span>
          <strong>Own choice</strong> <span className="under">Scope by scope.</span>
        </span>
      </Radio>
    </RadioGroup>
  );
}

function Scopes({ scopes, setScopes }: { scopes: readonly string[]; setScopes: (scopes: readonly string[]) => void }) {
  const may = useMay();
  return (
    <fieldset className="scopes">
      <legend className="label">Scopes</legend>
      {SCOPES.map(([scope, text]) => (
        <Check
          key={scope}
          isOn={scopes.includes(scope)}
          onChange={(isOn) => setScopes(isOn ? [...scopes, scope] : scopes.filter((one) => one !== scope))}
          isDisabled={!may(scope)}
        >
          {may(scope) ? `${text} (${scope})` : `${text} (your token lacks ${scope})`}
        </Check>
      ))}
    </fieldset>
  );
}

function timeOf(expiry: string, time: string): string | null {
  if (!expiry) return null;
  return new Date(expiry === "at" ? time : Date.now() + Number(expiry) * DAY).toISOString();
}
