import { graphql } from "../api/graphql";

export const TOKEN_ROW = graphql(`
  fragment TokenRow on Token {
    id
    name
    lastFour
    scopes
    createdAt
    expiresAt
    lastUsedAt
    revokedAt
  }
`);

export const TOKEN_LIST = graphql(`
  query TokenList($first: Int, $after: String, $last: Int, $before: String) {
    tokens(first: $first, after: $after, last: $last, before: $before) {
      totalCount
      totalCountExact
      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
      nodes { ...TokenRow }
    }
  }
`);

export const CREATE_TOKEN = graphql(`
  mutation CreateToken($input: TokenCreateInput!) {
    tokenCreate(input: $input) {
      token { id }
      secret
      userErrors { field message code }
    }
  }
`);

export const REVOKE_TOKEN = graphql(`
  mutation RevokeToken($input: TokenRevokeInput!) {
    tokenRevoke(input: $input) {
      token { ...TokenRow }
      userErrors { field message code }
    }
  }
`);

export const ONE_TOKEN = graphql(`
  query OneToken($id: ID!) {
    node(id: $id) {
      __typename
      ... on Token { ...TokenRow }
    }
  }
`);
