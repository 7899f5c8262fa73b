import { graphql } from "../api/graphql";

export const JOB_ROW = graphql(`
  fragment JobRow on Job {
    id
    status
    total
    done
    error
    createdAt
    finishedAt
  }
`);

export const RETRY_ALL = graphql(`
  mutation RetryAll($input: DeliveriesRetryInput!) {
    deliveriesRetry(input: $input) {
      job { ...JobRow }
      counts { failed missed webhooks exact }
      userErrors { field message code }
    }
  }
`);

export const JOB = graphql(`
  query OneJob($id: ID!) {
    job(id: $id) { ...JobRow }
  }
`);

export const JOBS_LIVE = graphql(`
  subscription JobsLive {
    jobs { gap items { ...JobRow } }
  }
`);

export const CANCEL_JOB = graphql(`
  mutation CancelJob($input: JobCancelInput!) {
    jobCancel(input: $input) {
      job { ...JobRow }
      userErrors { field message code }
    }
  }
`);
