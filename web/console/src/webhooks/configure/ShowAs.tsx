import { useState } from "react";
import { print } from "graphql";
import { Button } from "react-aria-components";
import type { WebhookFormFragment } from "../../gql/graphql";
import { apiPath } from "../../settings";
import { Copy } from "../../ui/Copy";
import { Dialog } from "../../ui/Dialog";
import { UPDATE_WEBHOOK, WEBHOOK } from "../page-documents";
import { withoutSecrets, yamlOf } from "./show";

interface Props {
  base: WebhookFormFragment;
  changes: Record<string, unknown>;
}

/** The same by the API and by a webhooks file: nothing here is the console's alone. */
export function ShowAs({ base, changes }: Props) {
  const [isYaml, setYaml] = useState(false);
  return (
    <div className="buttons">
      <a className="button" href={graphiqlOf(base, changes)} target="_blank" rel="noreferrer">
        Show the GraphQL
      </a>
      <Button className="button" onPress={() => setYaml(true)}>
        Show as YAML
      </Button>
      {isYaml && <Yaml webhook={base} close={() => setYaml(false)} />}
    </div>
  );
}

/** GraphiQL with what Save would send; with what the page has read while there is nothing to save. */
function graphiqlOf(base: WebhookFormFragment, changes: Record<string, unknown>): string {
  const isChanged = Object.keys(changes).length > 0;
  const since = new Date(Date.now() - 86_400_000).toISOString().replace(/:\d\d\.\d+/, ":00");
  const variables = isChanged ? { input: { id: base.id, ifVersion: base.version, ...withoutSecrets(changes) } } : { id: base.id, since, hasLog: true };
  const search = new URLSearchParams({ query: print(isChanged ? UPDATE_WEBHOOK : WEBHOOK), variables: JSON.stringify(variables) });
  return `${apiPath}?${search.toString()}`;
}

function Yaml({ webhook, close }: { webhook: WebhookFormFragment; close: () => void }) {
  const text = yamlOf(webhook);
  return (
    <Dialog title="As a webhooks file" isOpen setOpen={close} isDrawer>
      <p>
        What is saved, as <code>hookline sync</code> reads it. Secrets are references to variables of the environment; the signing secret stays as it is. The first
        apply needs <code>--adopt</code>, as the webhook exists already.
      </p>
      <pre className="payload" role="region" aria-label="YAML" tabIndex={0}>
        {text}
      </pre>
      <div className="buttons">
        <Copy text={text} label="YAML" />
        <Button className="button" slot="close">
          Close
        </Button>
      </div>
    </Dialog>
  );
}
