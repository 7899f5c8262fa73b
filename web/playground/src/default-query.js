import { hasToken } from "./settings.js";

const tokenHint = `# First put your token into Headers, below:
#   {"Authorization": "Bearer hl_..."}
# Then press "Re-fetch GraphQL schema", at the bottom left.
`;

/** What the first tab shows: a query that runs at once, and the other two kinds to try. */
export const defaultQuery = `# Hookline's API. Ctrl-Enter runs the operation at the cursor.
${hasToken ? "" : tokenHint}
query Overview {
  viewer {
    name
    scopes
    workspace {
      slug
    }
  }
  environments
  webhooks(first: 10) {
    nodes {
      id
      name
      url
      status
      events
    }
  }
}

# Publish an event: remove the leading # signs, then run it.
#
# mutation Publish {
#   eventPublish(
#     input: {
#       type: "shop.order.created"
#       environment: "development"
#       data: { number: 1001 }
#     }
#   ) {
#     event {
#       id
#       type
#     }
#     deliveryCount
#     userErrors {
#       field
#       message
#     }
#   }
# }

# Watch attempts as they end; publish from a second tab meanwhile.
#
# subscription { attempts { cursor gap node { outcome statusCode } } }
`;
