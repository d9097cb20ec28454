//! A refusal by the chain, in words.
//!
//! Names and explanations of errors come from the chain's metadata: each pallet documents its errors
//! with cause and remedy.

use crate::error::Refusal;
use inference_transaction::Metadata;
use jsonrpsee::types::ErrorObjectOwned;
use pallet_inference_market::NotAdmitted;
use sp_runtime::{DispatchError, ModuleError};

/// The refusal that a failed dispatch means, on a chain with this metadata.
pub fn of_dispatch(metadata: &Metadata, error: &DispatchError) -> Refusal {
	let plain = |name: &str, explanation: &str| Refusal {
		pallet: None,
		name: name.to_owned(),
		explanation: explanation.to_owned(),
	};
	match error {
		DispatchError::Module(error) => of_module(metadata, error),
		DispatchError::BadOrigin => plain("BadOrigin", "This account may not make this call."),
		DispatchError::Token(error) => {
			plain(&format!("Token.{error:?}"), &with_remedy((*error).into()))
		},
		DispatchError::Arithmetic(error) => plain(
			&format!("Arithmetic.{error:?}"),
			&with_remedy((*error).into()),
		),
		DispatchError::Exhausted => plain(
			"Exhausted",
			"The block has no room for this call. Try again.",
		),
		other => plain(&format!("{other:?}"), ""),
	}
}

/// Pallets of the SDK answer so to an amount that an account does not have.
fn with_remedy(error: &str) -> String {
	format!("{error}. See `inference account balance` for what the account has.")
}

fn of_module(metadata: &Metadata, error: &ModuleError) -> Refusal {
	match metadata.module_error(error.index, error.error) {
		Some(found) => Refusal {
			pallet: Some(found.pallet),
			name: found.name,
			explanation: found.docs,
		},
		None => Refusal {
			pallet: None,
			name: format!(
				"error {} of pallet {}",
				hex::encode(error.error),
				error.index
			),
			explanation: "The chain's metadata does not have this error.".to_owned(),
		},
	}
}

/// Substrate's codes for transactions that a node does not take (`sc-rpc-api`, author).
mod code {
	pub const INVALID: i32 = 1010;
	pub const UNKNOWN_VALIDITY: i32 = 1011;
	pub const BANNED: i32 = 1012;
	pub const ALREADY_IMPORTED: i32 = 1013;
	pub const TOO_LOW_PRIORITY: i32 = 1014;
	pub const IMMEDIATELY_DROPPED: i32 = 1016;
}

/// Whether nodes say so of a transaction that the market's extension does not admit for `reason`.
fn is_not_admitted(data: &str, reason: NotAdmitted) -> bool {
	data.ends_with(&format!("Custom error: {}", reason as u8))
}

/// The refusal that an answer to a submission means; `None` if it is about something else.
pub fn of_submission(error: &ErrorObjectOwned) -> Option<Refusal> {
	let data = error
		.data()
		.and_then(|raw| serde_json::from_str::<String>(raw.get()).ok())
		.unwrap_or_default();
	let (name, remedy) = match error.code() {
		code::INVALID if data.contains("fees") => {
			("CannotPayFees", "Transfer some INF to the signing account.")
		},
		code::INVALID if data.contains("outdated") => (
			"Outdated",
			"A transaction of this account with this number is in a block already. If you gave `--nonce`, that \
			 is the first try: look for what it did, and do not order again. Otherwise run the command again.",
		),
		code::INVALID if is_not_admitted(&data, NotAdmitted::UnknownWorkload) => (
			"UnknownWorkload",
			"No workload has this identifier. See `inference workload show`.",
		),
		code::INVALID if is_not_admitted(&data, NotAdmitted::NotDue) => (
			"StepNotDue",
			"The workload does not wait for this from this account, or not any more. See \
			 `inference workload show`.",
		),
		code::INVALID if is_not_admitted(&data, NotAdmitted::NotOperational) => (
			"NotOperational",
			"Operational calls are for assigned workers and for root.",
		),
		code::INVALID if is_not_admitted(&data, NotAdmitted::VerifyLimitTooLow) => (
			"VerifyLimitTooLow",
			"Verifying under the workload's key weighs more than `verify_limit` allows. The runtime \
			 API's `verify_weight` says how much.",
		),
		code::INVALID => ("InvalidTransaction", ""),
		code::UNKNOWN_VALIDITY => ("UnknownValidity", "Run the command again."),
		code::BANNED => (
			"Banned",
			"It was invalid a moment ago. Try again in a minute.",
		),
		code::ALREADY_IMPORTED => ("AlreadyImported", "The node has this very transaction."),
		code::TOO_LOW_PRIORITY => (
			"PriorityTooLow",
			"A transaction of this account with this number waits already. If you gave `--nonce`, that is \
			 probably the first try: wait for it. Otherwise run the command again.",
		),
		code::IMMEDIATELY_DROPPED => ("PoolFull", "The node's pool is full. Try again."),
		_ => return None,
	};
	Some(Refusal {
		pallet: None,
		name: name.to_owned(),
		explanation: [data.as_str(), remedy]
			.into_iter()
			.filter(|part| !part.is_empty())
			.collect::<Vec<_>>()
			.join(". "),
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use frame_support::traits::PalletInfoAccess;
	use inference_runtime::{linked_metadata, Balances, Runtime};

	fn metadata() -> Metadata {
		Metadata::decode(&linked_metadata(16).unwrap()).unwrap()
	}

	#[test]
	fn a_pallets_error_gets_its_name_and_documentation() {
		let error: DispatchError = pallet_balances::Error::<Runtime>::InsufficientBalance.into();
		let refusal = of_dispatch(&metadata(), &error.stripped());
		assert_eq!(refusal.pallet.as_deref(), Some(Balances::name()));
		assert_eq!(refusal.name, "InsufficientBalance");
		assert_eq!(refusal.explanation, "Balance too low to send value.");
	}

	#[test]
	fn an_unknown_error_is_said_to_be_unknown() {
		for index in [Balances::index() as u8, 255] {
			let error = DispatchError::Module(ModuleError {
				index,
				error: [255, 0, 0, 0],
				message: None,
			});
			let refusal = of_dispatch(&metadata(), &error);
			assert!(refusal.name.contains("ff000000"), "{refusal}");
		}
	}

	#[test]
	fn a_missing_amount_points_at_the_balance() {
		use sp_runtime::{ArithmeticError, TokenError};
		for error in [
			DispatchError::Token(TokenError::FundsUnavailable),
			DispatchError::Arithmetic(ArithmeticError::Underflow),
		] {
			let refusal = of_dispatch(&metadata(), &error);
			assert!(refusal.explanation.contains("account balance"), "{refusal}");
		}
	}

	#[test]
	fn a_transaction_that_cannot_pay_says_what_to_do() {
		let data = "Inability to pay some fees (e.g. account balance too low)";
		let error = ErrorObjectOwned::owned(1010, "Invalid Transaction", Some(data));
		let refusal = of_submission(&error).unwrap();
		assert_eq!(refusal.name, "CannotPayFees");
		assert!(refusal.explanation.contains("Transfer"), "{refusal}");
		let data = format!("Custom error: {}", NotAdmitted::NotDue as u8);
		let error = ErrorObjectOwned::owned(1010, "Invalid Transaction", Some(data));
		assert_eq!(of_submission(&error).unwrap().name, "StepNotDue");
		assert_eq!(
			of_submission(&ErrorObjectOwned::owned(-32601, "no method", None::<()>)),
			None
		);
	}
}
