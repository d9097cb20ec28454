//! Key files that polkadot-js exports (JSON, version 3): scrypt of the password is the key of xsalsa20-poly1305.
//!
//! | bytes of `encoded` | content |
//! | --- | --- |
//! | 32 | salt |
//! | 4, 4, 4 | N, p, r of scrypt, little-endian |
//! | 24 | nonce |
//! | the rest | the sealed content |
//!
//! The content: PKCS#8's head (16 bytes), the secret (64), a divider (5), the public key (32). The secret is a
//! scalar times 8, as ed25519 has it, and the nonce of signatures. What comes out must have the file's public key.

use crate::error::CliError;
use base64::{engine::general_purpose::STANDARD, Engine};
use crypto_secretbox::{
	aead::{Aead, KeyInit},
	Key, Nonce, XSalsa20Poly1305,
};
use openssl::pkcs5;
use serde::Deserialize;
use sp_core::{crypto::Ss58Codec, sr25519, Pair};
use zeroize::Zeroizing;

/// Most bytes that scrypt may take. polkadot-js takes half of it at most.
const MAX_MEMORY: u64 = 1 << 28;
/// Greatest number of times that this is done. polkadot-js takes 10 at most.
const MAX_PARALLEL: u32 = 16;

const HEAD: [u8; 16] = [48, 83, 2, 1, 1, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
const DIVIDER: [u8; 5] = [161, 35, 3, 33, 0];

#[derive(Deserialize)]
struct KeyFile {
	encoded: String,
	encoding: Encoding,
	address: String,
}

#[derive(Deserialize)]
struct Encoding {
	content: Vec<String>,
	#[serde(rename = "type")]
	kind: Vec<String>,
	version: String,
}

/// Opens the key file `text` of `source`; errors name `source`, never what is secret.
pub fn open(text: &str, password: &str, source: &str) -> Result<sr25519::Pair, CliError> {
	let bad = |what: &str| CliError::Failed(format!("{source}: {what}"));
	let file: KeyFile = serde_json::from_str(text)
		.map_err(|_| bad("it is no key file of polkadot-js (JSON, exported from an account)"))?;
	let Encoding {
		content,
		kind,
		version,
	} = &file.encoding;
	if version != "3" {
		return Err(bad(
			"it has another version than 3; export the account again",
		));
	}
	if content != &["pkcs8", "sr25519"] {
		return Err(bad(
			"its key is none of sr25519, with which this network signs",
		));
	}
	if kind != &["scrypt", "xsalsa20-poly1305"] {
		return Err(bad(
			"it is not encrypted with a password (scrypt, xsalsa20-poly1305); export the account again, \
			 with one",
		));
	}
	let damaged = || bad("it is damaged");
	let encoded = STANDARD.decode(&file.encoded).map_err(|_| damaged())?;
	let (salt, rest) = encoded.split_first_chunk::<32>().ok_or_else(damaged)?;
	let (costs, rest) = rest.split_first_chunk::<12>().ok_or_else(damaged)?;
	let (nonce, sealed) = rest.split_first_chunk::<24>().ok_or_else(damaged)?;
	let key = derive(password, salt, costs)
		.ok_or_else(|| bad("its costs of scrypt are none that polkadot-js writes"))?;
	let content = XSalsa20Poly1305::new(Key::from_slice(&key[..]))
		.decrypt(Nonce::from_slice(nonce), sealed)
		.map_err(|_| bad("the password is wrong, or the file is damaged"))?;
	let content = Zeroizing::new(content);
	let pair = decode(&content).ok_or_else(damaged)?;
	if sr25519::Public::from_ss58check(&file.address) != Ok(pair.public()) {
		return Err(bad("its address is not that of its key"));
	}
	Ok(pair)
}

/// The key of a password.
fn derive(password: &str, salt: &[u8; 32], costs: &[u8; 12]) -> Option<Zeroizing<[u8; 32]>> {
	let mut numbers = costs.as_chunks::<4>().0.iter();
	let mut next = || numbers.next().copied().map(u32::from_le_bytes);
	let (n, p, r) = (next()?, next()?, next()?);
	if !n.is_power_of_two() || n == 1 || !(1..=MAX_PARALLEL).contains(&p) {
		return None;
	}
	// N blocks of a table, one for each of p, and two to compute with: 128 r bytes each.
	let blocks = u64::from(n) + u64::from(p) + 2;
	let memory = blocks.checked_mul(u64::from(r))?.checked_mul(128)?;
	if memory > MAX_MEMORY {
		return None;
	}
	let mut key = Zeroizing::new([0; 32]);
	let (n, r, p) = (n.into(), r.into(), p.into());
	pkcs5::scrypt(password.as_bytes(), salt, n, r, p, memory, &mut key[..]).ok()?;
	Some(key)
}

/// The pair of an opened file.
fn decode(content: &[u8]) -> Option<sr25519::Pair> {
	let rest = content.strip_prefix(&HEAD)?;
	let (secret, rest) = rest.split_first_chunk::<64>()?;
	let public: &[u8; 32] = rest.strip_prefix(&DIVIDER)?.try_into().ok()?;
	let mut secret = Zeroizing::new(*secret);
	// The scalar without ed25519's cofactor: its 256 bits three to the right.
	let (scalar, _) = secret.split_first_chunk_mut::<32>()?;
	let mut above = 0;
	for byte in scalar.iter_mut().rev() {
		let low = *byte << 5;
		*byte = *byte >> 3 | above;
		above = low;
	}
	let pair = sr25519::Pair::from_seed_slice(&secret[..]).ok()?;
	(pair.public().0 == *public).then_some(pair)
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::{json, Value};

	const PASSWORD: &str = "correct horse";
	const SR25519: &str = include_str!("../../tests/keys/alice-sr25519.json");
	const ED25519: &str = include_str!("../../tests/keys/alice-ed25519.json");

	fn refused(change: impl FnOnce(&mut Value)) -> String {
		let mut file: Value = serde_json::from_str(SR25519).unwrap();
		change(&mut file);
		let opened = open(&file.to_string(), PASSWORD, "a.json");
		let error = opened.map(|_| ()).unwrap_err().to_string();
		assert!(error.starts_with("a.json: "), "{error}");
		error
	}

	/// The file with other bytes in `encoded`.
	fn encoded(change: impl FnOnce(&mut Vec<u8>)) -> String {
		refused(|file| {
			let mut bytes = STANDARD.decode(file["encoded"].as_str().unwrap()).unwrap();
			change(&mut bytes);
			file["encoded"] = STANDARD.encode(bytes).into();
		})
	}

	#[test]
	fn a_key_file_of_polkadot_js_signs_as_its_account() {
		let pair = open(SR25519, PASSWORD, "a.json").unwrap();
		let alice = sr25519::Pair::from_string("//Alice", None).unwrap();
		assert_eq!(pair.public(), alice.public());
		let signature = pair.sign(b"message");
		assert!(sr25519::Pair::verify(
			&signature,
			b"message",
			&alice.public()
		));
	}

	#[test]
	fn a_wrong_password_is_refused_without_repeating_it() {
		let error = open(SR25519, "battery staple", "a.json").map(|_| ());
		let error = error.unwrap_err().to_string();
		assert!(error.contains("password is wrong"), "{error}");
		assert!(!error.contains("staple"), "{error}");
	}

	#[test]
	fn files_of_other_keys_versions_and_ciphers_are_refused_by_name() {
		let error = open(ED25519, PASSWORD, "a.json").map(|_| ());
		assert!(error.unwrap_err().to_string().contains("none of sr25519"));
		for version in ["2", "4", ""] {
			let error = refused(|file| file["encoding"]["version"] = version.into());
			assert!(error.contains("version"), "{error}");
		}
		let none = refused(|file| file["encoding"]["type"] = json!(["none"]));
		assert!(none.contains("not encrypted"), "{none}");
		let bob = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
		let other = refused(|file| file["address"] = bob.into());
		assert!(other.contains("address"), "{other}");
		let error = open("{}", PASSWORD, "a.json").map(|_| ());
		assert!(error.unwrap_err().to_string().contains("no key file"));
	}

	#[test]
	fn a_file_that_is_cut_off_or_changed_is_refused() {
		for length in [0, 31, 43, 67, 68, 100] {
			let error = encoded(|bytes| bytes.truncate(length));
			assert!(error.contains("damaged"), "{length}: {error}");
		}
		let error = encoded(|bytes| *bytes.last_mut().unwrap() ^= 1);
		assert!(error.contains("damaged"), "{error}");
		let error = refused(|file| file["encoded"] = "*".into());
		assert!(error.contains("damaged"), "{error}");
	}

	#[test]
	fn costs_that_take_gigabytes_or_minutes_are_refused_before_they_are_paid() {
		for costs in [
			[1u32 << 31, 1, 8],
			[1 << 17, 1, 1 << 20],
			// A table of 256 MiB, and 2 GiB beside it.
			[2, 16, 1 << 20],
			[1 << 17, u32::MAX, 8],
			[1 << 17, 0, 8],
			[1 << 17, 1, 0],
			[3, 1, 8],
			[1, 1, 8],
			[0, 1, 8],
		] {
			let error = encoded(|bytes| {
				for (i, cost) in costs.iter().enumerate() {
					bytes[32 + 4 * i..][..4].copy_from_slice(&cost.to_le_bytes());
				}
			});
			assert!(error.contains("scrypt"), "{costs:?}: {error}");
		}
	}
}
