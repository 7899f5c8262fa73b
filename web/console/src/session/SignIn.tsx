import { useState } from "react";
import { Button, Checkbox, FieldError, Form, Input, Label, TextField } from "react-aria-components";
import { makeClient } from "../api/client";
import { graphql } from "../api/graphql";
import { problemOf } from "../api/problems";
import { Refusals } from "../ui/Trouble";
import { session, signIn } from "./session";
import { useStore } from "../store";

const WHOSE = graphql(`query SignIn { viewer { id } }`);

/** The page of whoever has no token. Its address is kept: after signing in it shows what it was asked for. */
export function SignIn() {
  const { reason } = useStore(session);
  const [token, setToken] = useState("");
  const [isKept, setKept] = useState(false);
  const [words, setWords] = useState<string[]>(reason ? [reason] : []);
  const [isBusy, setBusy] = useState(false);
  const submit = async () => {
    setBusy(true);
    const { data, error } = await makeClient(token.trim()).query(WHOSE, {}).toPromise();
    setBusy(false);
    if (data?.viewer) signIn(token.trim(), isKept);
    else setWords([problemOf(error)?.message ?? "The server does not answer."]);
  };
  return (
    <main className="sign-in">
      <h1>Sign in to Hookline</h1>
      <Refusals words={words} />
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isBusy) void submit();
        }}
      >
        <TextField name="token" type="password" isRequired autoFocus value={token} onChange={setToken} autoComplete="off">
          <Label>Token</Label>
          <Input className="mono" spellCheck={false} placeholder="hl_…" />
          <FieldError />
        </TextField>
        <Checkbox isSelected={isKept} onChange={setKept} className="checkbox">
          <span className="box" aria-hidden="true" />
          Stay signed in in this tab, also when the page is loaded again
        </Checkbox>
        <Button type="submit" className="button primary">
          {isBusy ? "Signing in…" : "Sign in"}
        </Button>
      </Form>
      <p className="faint">
        <code>hookline token create NAME --role editor</code> prints a token. Under <code>hookline dev</code>, open the link that its
        terminal shows.
      </p>
    </main>
  );
}
