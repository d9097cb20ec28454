//! Accounts as arguments.

use super::{AccountId, Runtime};
use frame_support::traits::Get;
use sp_core::{crypto::Ss58Codec, sr25519, Pair};
use std::str::FromStr;

/// An account: an SS58 address, a public key in hex, or a development account such as `//Bob`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountArg(pub AccountId);

impl FromStr for AccountArg {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, Self::Err> {
		if text.starts_with("//") {
			// The development phrase is public, so these are no secrets.
			let pair = sr25519::Pair::from_string(text, None)
				.map_err(|e| format!("{text:?} is no development account: {e}"))?;
			return Ok(Self(pair.public().into()));
		}
		if let Some(key) = text.strip_prefix("0x") {
			let mut bytes = [0u8; 32];
			hex::decode_to_slice(key, &mut bytes)
				.map_err(|e| format!("expected 32 bytes of hex, got {text:?}: {e}"))?;
			return Ok(Self(bytes.into()));
		}
		let (account, format) = AccountId::from_ss58check_with_version(text)
			.map_err(|e| format!("{text:?} is no address: {e}; check it for typing errors"))?;
		let ours: u16 = <<Runtime as frame_system::Config>::SS58Prefix as Get<u16>>::get();
		match u16::from(format) {
			prefix if prefix == ours => Ok(Self(account)),
			other => Err(format!(
				"{text:?} is an address of another chain (SS58 prefix {other}, expected {ours})"
			)),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_three_forms_name_the_same_account() {
		let bob: AccountArg = "//Bob".parse().unwrap();
		assert_eq!(bob.0.to_ss58check().parse(), Ok(bob.clone()));
		let hex = format!("0x{}", hex::encode::<&[u8]>(bob.0.as_ref()));
		assert_eq!(hex.parse(), Ok(bob));
	}

	#[test]
	fn typing_errors_and_other_chains_are_refused() {
		let error = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694tX".parse::<AccountArg>();
		assert!(error.unwrap_err().contains("typing errors"));
		let polkadot = AccountId::from([1; 32]).to_ss58check_with_version(0u16.into());
		assert!(polkadot
			.parse::<AccountArg>()
			.unwrap_err()
			.contains("another chain"));
		assert!("0x01".parse::<AccountArg>().is_err());
	}
}
