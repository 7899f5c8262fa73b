import { useCallback, useState } from "react";
import { useClient } from "urql";
import { wordsOf } from "../api/problems";
import { RETRY } from "./documents";

/** Sends one delivery again. words: those of the last refusal. */
export function useRetryDelivery() {
  const client = useClient();
  const [words, setWords] = useState<string[]>([]);
  const retry = useCallback(
    async (deliveryId: string) => {
      const { data, error } = await client.mutation(RETRY, { input: { id: deliveryId } }).toPromise();
      const refused = wordsOf(error, data?.deliveryRetry?.userErrors);
      setWords(refused);
      return refused;
    },
    [client],
  );
  return { retry, words, setWords };
}
