// Receives webhooks, verifies them (Standard Webhooks, HMAC-SHA256) and prints each event once. Needs
// nothing but Go: WEBHOOK_SECRET=whsec_… PORT=8080 go run .
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	limitBytes = 1024 * 1024
	tolerance  = 5 * time.Minute
)

// verify says whether a webhook is from who has one of the keys, and not too old. body: as it came.
func verify(body []byte, headers http.Header, keys [][]byte, now time.Time) bool {
	id, timestamp := headers.Get("webhook-id"), headers.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || id == "" || now.Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return false
	}
	for _, signature := range strings.Fields(headers.Get("webhook-signature")) {
		encoded, isKnown := strings.CutPrefix(signature, "v1,")
		given, err := base64.StdEncoding.DecodeString(encoded)
		if !isKnown || err != nil {
			continue // of another version of the standard; the others decide
		}
		for _, key := range keys {
			code := hmac.New(sha256.New, key)
			fmt.Fprintf(code, "%s.%s.", id, timestamp)
			code.Write(body)
			if hmac.Equal(code.Sum(nil), given) {
				return true
			}
		}
	}
	return false
}

// readKeys decodes the secrets: two, separated by a blank, while one is replaced by the other.
func readKeys(secrets string) (keys [][]byte) {
	for _, secret := range strings.Fields(secrets) {
		encoded, isSecret := strings.CutPrefix(secret, "whsec_")
		key, err := base64.StdEncoding.DecodeString(encoded)
		if !isSecret || err != nil || len(key) == 0 {
			log.Fatal("WEBHOOK_SECRET must be whsec_ and base64")
		}
		keys = append(keys, key)
	}
	return keys
}

func main() {
	keys := readKeys(os.Getenv("WEBHOOK_SECRET"))
	// A real receiver keeps the ids of some days in its database, in the transaction that does the work.
	seen, lock := map[string]bool{}, sync.Mutex{}
	handler := func(response http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(response, request.Body, limitBytes))
		if err != nil {
			http.Error(response, "too large, or ended early", http.StatusRequestEntityTooLarge)
			return
		}
		if !verify(body, request.Header, keys, time.Now()) {
			http.Error(response, "not verified", http.StatusBadRequest)
			return
		}
		var event struct{ Type string }
		if err := json.Unmarshal(body, &event); err != nil {
			http.Error(response, "no JSON", http.StatusInternalServerError)
			return
		}
		lock.Lock()
		defer lock.Unlock()
		if id := request.Header.Get("webhook-id"); !seen[id] {
			fmt.Println(id, event.Type)
			seen[id] = true
		}
		response.WriteHeader(http.StatusNoContent)
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, http.HandlerFunc(handler)))
}
