// Code that verifies requests of a webhook, with standard libraries alone (standardwebhooks.com). Pure.
type Snippet = readonly [language: string, code: (id: string) => string];

const PYTHON: Snippet = [
  "Python",
  (id) => `# Requests of ${id}. headers: by names in lower case; body: the bytes as they came.
import base64, hmac, os, time

KEY = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))

def verify(headers, body):
    sent_at = headers["webhook-timestamp"]
    if abs(time.time() - int(sent_at)) > 300:
        return False
    content = f"{headers['webhook-id']}.{sent_at}.".encode() + body
    wanted = b"v1," + base64.b64encode(hmac.digest(KEY, content, "sha256"))
    signatures = headers["webhook-signature"].encode().split()
    return any(hmac.compare_digest(one, wanted) for one in signatures)
`,
];

const NODE: Snippet = [
  "Node.js",
  (id) => `// Requests of ${id}. headers: by names in lower case; body: the Buffer as it came.
const { createHmac, timingSafeEqual } = require("node:crypto");

const key = Buffer.from(process.env.WEBHOOK_SECRET.replace("whsec_", ""), "base64");

function verify(headers, body) {
  const sentAt = headers["webhook-timestamp"];
  if (!(Math.abs(Date.now() / 1000 - Number(sentAt)) <= 300)) return false;
  const mac = createHmac("sha256", key).update(\`\${headers["webhook-id"]}.\${sentAt}.\`).update(body);
  const wanted = Buffer.from(\`v1,\${mac.digest("base64")}\`);
  return headers["webhook-signature"].split(" ").some((one) => {
    const given = Buffer.from(one);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  });
}
`,
];

const GO: Snippet = [
  "Go",
  (id) => `// Requests of ${id}. body: the bytes as they came.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

func verify(headers http.Header, body []byte) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(os.Getenv("WEBHOOK_SECRET"), "whsec_"))
	if err != nil {
		return false
	}
	sentAt := headers.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(sentAt, 10, 64)
	if age := time.Since(time.Unix(seconds, 0)); err != nil || age.Abs() > 5*time.Minute {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(headers.Get("webhook-id") + "." + sentAt + "."))
	mac.Write(body)
	wanted := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, one := range strings.Fields(headers.Get("webhook-signature")) {
		if hmac.Equal([]byte(one), []byte(wanted)) {
			return true
		}
	}
	return false
}
`,
];

const RUBY: Snippet = [
  "Ruby",
  (id) => `# Requests of ${id}. headers: by names in lower case; body: the text as it came.
require "openssl"

KEY = ENV.fetch("WEBHOOK_SECRET").delete_prefix("whsec_").unpack1("m")

def verify(headers, body)
  sent_at = headers["webhook-timestamp"]
  return false if (Time.now.to_i - sent_at.to_i).abs > 300

  content = "#{headers["webhook-id"]}.#{sent_at}.".b + body.b
  wanted = "v1," + [OpenSSL::HMAC.digest("SHA256", KEY, content)].pack("m0")
  headers["webhook-signature"].split.any? { |one| OpenSSL.secure_compare(one, wanted) }
end
`,
];

const PHP: Snippet = [
  "PHP",
  (id) => `<?php
// Requests of ${id}. $headers: by names in lower case; $body: file_get_contents("php://input").
function verify(array $headers, string $body): bool
{
    $key = base64_decode(substr(getenv("WEBHOOK_SECRET"), strlen("whsec_")));
    $sentAt = $headers["webhook-timestamp"];
    if (abs(time() - (int) $sentAt) > 300) {
        return false;
    }
    $mac = hash_hmac("sha256", $headers["webhook-id"] . "." . $sentAt . "." . $body, $key, true);
    $wanted = "v1," . base64_encode($mac);
    foreach (explode(" ", $headers["webhook-signature"]) as $one) {
        if (hash_equals($wanted, $one)) {
            return true;
        }
    }
    return false;
}
`,
];

const JAVA: Snippet = [
  "Java",
  (id) => `// Requests of ${id}: the headers webhook-id, webhook-timestamp and webhook-signature; body: the bytes as they came.
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

class Signatures {
    static boolean verify(String id, String sentAt, String signatures, byte[] body) throws GeneralSecurityException {
        if (Math.abs(Instant.now().getEpochSecond() - Long.parseLong(sentAt)) > 300) return false;
        String secret = System.getenv("WEBHOOK_SECRET").substring("whsec_".length());
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(Base64.getDecoder().decode(secret), "HmacSHA256"));
        mac.update((id + "." + sentAt + ".").getBytes());
        byte[] wanted = ("v1," + Base64.getEncoder().encodeToString(mac.doFinal(body))).getBytes();
        return Arrays.stream(signatures.split(" ")).anyMatch(one -> MessageDigest.isEqual(one.getBytes(), wanted));
    }
}
`,
];

const NODE_ED25519: Snippet = [
  "Node.js",
  (id) => `// Requests of ${id}. headers: by names in lower case; body: the Buffer as it came.
const { createPublicKey, verify: isSigned } = require("node:crypto");

const raw = Buffer.from(process.env.WEBHOOK_PUBLIC_KEY.replace("whpk_", ""), "base64");
const jwk = { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") };
const key = createPublicKey({ key: jwk, format: "jwk" });

function verify(headers, body) {
  const sentAt = headers["webhook-timestamp"];
  if (!(Math.abs(Date.now() / 1000 - Number(sentAt)) <= 300)) return false;
  const content = Buffer.concat([Buffer.from(\`\${headers["webhook-id"]}.\${sentAt}.\`), body]);
  return headers["webhook-signature"].split(" ").some((one) => {
    const [version, code] = one.split(",");
    return version === "v1a" && isSigned(null, content, key, Buffer.from(code, "base64"));
  });
}
`,
];

const PYTHON_ED25519: Snippet = [
  "Python",
  (id) => `# Requests of ${id}. headers: by names in lower case; body: the bytes as they came. Needs the package cryptography.
import base64, os, time
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY = Ed25519PublicKey.from_public_bytes(
    base64.b64decode(os.environ["WEBHOOK_PUBLIC_KEY"].removeprefix("whpk_"))
)

def verify(headers, body):
    sent_at = headers["webhook-timestamp"]
    if abs(time.time() - int(sent_at)) > 300:
        return False
    content = f"{headers['webhook-id']}.{sent_at}.".encode() + body
    for one in headers["webhook-signature"].split():
        version, _, code = one.partition(",")
        try:
            if version == "v1a":
                KEY.verify(base64.b64decode(code), content)
                return True
        except (InvalidSignature, ValueError):
            continue
    return False
`,
];

/** The snippets for an algorithm; each reads the secret, or the public key, from the environment. */
export const snippetsFor = (algorithm: "HMAC_SHA256" | "ED25519"): readonly Snippet[] =>
  algorithm === "ED25519" ? [NODE_ED25519, PYTHON_ED25519] : [NODE, PYTHON, GO, RUBY, PHP, JAVA];
