//! The worker's transactions: made, signed, and recognised in the pool.

use super::KEY_TYPE;
use codec::Encode;
use inference_offchain_worker::{Action, Call, ChainError, FinalizedBlock, WorkerKey};
use inference_primitives::{BlockNumber, WorkloadId, MAX_PROOF_BYTES, MAX_TENSOR_VALUES};
use inference_runtime::{
	AccountId, Hash, Nonce, RuntimeCall, Signature, SignedPayload, TxExtension, UncheckedExtrinsic,
};
use pallet_inference_market::Call as MarketCall;
use sp_core::sr25519;
use sp_keystore::Keystore;
use sp_runtime::{
	generic::{Era, Preamble},
	MultiAddress,
};
use std::fmt::Display;

/// Blocks for which a transaction is valid, counted from the finalised block it was decided at.
const MORTALITY: BlockNumber = 64;

/// A worker's account: its key.
pub(super) fn account(worker: WorkerKey) -> AccountId {
	AccountId::new(worker.0)
}

/// The tag by which the pool orders the transactions of an account (`CheckNonce`).
pub(super) fn nonce_tag(worker: WorkerKey, nonce: Nonce) -> Vec<u8> {
	(worker.0, nonce).encode()
}

/// Whether a transaction with these tags is one of `worker`'s.
pub(super) fn provides_nonce(tags: &[Vec<u8>], worker: WorkerKey) -> bool {
	tags.iter().any(|tag| tag.starts_with(&worker.0))
}

/// What a transaction does, if it is a delivery or a proof by `worker`.
pub(super) fn action_of(
	transaction: &UncheckedExtrinsic,
	worker: WorkerKey,
) -> Option<(WorkloadId, Action)> {
	match &transaction.preamble {
		Preamble::Signed(MultiAddress::Id(signer), ..) if *signer == account(worker) => {},
		_ => return None,
	}
	match &transaction.function {
		RuntimeCall::InferenceMarket(MarketCall::deliver { workload, .. }) => {
			Some((*workload, Action::Deliver))
		},
		RuntimeCall::InferenceMarket(MarketCall::prove { workload, .. }) => {
			Some((*workload, Action::Prove))
		},
		_ => None,
	}
}

/// The account nonce of a signed transaction.
pub(super) fn nonce_of(transaction: &UncheckedExtrinsic) -> Option<Nonce> {
	match &transaction.preamble {
		Preamble::Signed(_, _, extension) => Some(extension.6 .0),
		_ => None,
	}
}

/// The runtime's call for a call of the worker. Errors: a tensor or proof over its bound.
fn runtime_call(call: Call) -> Result<RuntimeCall, ChainError> {
	let (action, workload) = (call.action(), call.workload());
	let values = |got| ChainError::TooLarge {
		action,
		workload,
		unit: "values",
		bound: MAX_TENSOR_VALUES,
		got,
	};
	Ok(RuntimeCall::InferenceMarket(match call {
		Call::Deliver { workload, output } => {
			let output = output
				.try_into()
				.map_err(|output: Vec<i64>| values(output.len()))?;
			MarketCall::deliver { workload, output }
		},
		Call::Prove {
			workload,
			output,
			proof,
		} => {
			let output = output
				.map(|output| {
					output
						.try_into()
						.map_err(|output: Vec<i64>| values(output.len()))
				})
				.transpose()?;
			let proof = proof
				.try_into()
				.map_err(|proof: Vec<u8>| ChainError::TooLarge {
					action,
					workload,
					unit: "bytes",
					bound: MAX_PROOF_BYTES,
					got: proof.len(),
				})?;
			MarketCall::prove {
				workload,
				output,
				proof,
			}
		},
	}))
}

/// What a signature covers besides the call.
pub(super) struct Terms {
	/// Nonce of the account.
	pub(super) nonce: Nonce,
	/// Where the transaction's life begins.
	pub(super) finalized: FinalizedBlock,
	/// Hash of the genesis block.
	pub(super) genesis: Hash,
	/// Version of the runtime.
	pub(super) spec_version: u32,
	/// Version of the encoding of its transactions.
	pub(super) transaction_version: u32,
}

impl Terms {
	fn era(&self) -> Era {
		Era::mortal(u64::from(MORTALITY), u64::from(self.finalized.number))
	}

	/// The last block that can include it.
	pub(super) fn last_block(&self) -> BlockNumber {
		self.finalized
			.number
			.saturating_add(MORTALITY)
			.saturating_sub(1)
	}

	/// The payload to sign. No tip: deliveries and proofs are operational.
	fn payload(&self, call: RuntimeCall) -> SignedPayload {
		let extension: TxExtension = (
			frame_system::AuthorizeCall::new(),
			frame_system::CheckNonZeroSender::new(),
			frame_system::CheckSpecVersion::new(),
			frame_system::CheckTxVersion::new(),
			frame_system::CheckGenesis::new(),
			frame_system::CheckEra::from(self.era()),
			frame_system::CheckNonce::from(self.nonce),
			pallet_inference_market::CheckStep::new(),
			frame_system::CheckWeight::new(),
			pallet_transaction_payment::ChargeTransactionPayment::from(0),
			frame_metadata_hash_extension::CheckMetadataHash::new(false),
			frame_system::WeightReclaim::new(),
		);
		let implicit = (
			(),
			(),
			self.spec_version,
			self.transaction_version,
			self.genesis,
			self.finalized.hash.into(),
			(),
			(),
			(),
			(),
			None,
			(),
		);
		SignedPayload::from_raw(call, extension, implicit)
	}
}

/// Signs a call with a key of the keystore.
pub(super) fn sign(
	keystore: &dyn Keystore,
	worker: WorkerKey,
	call: Call,
	terms: &Terms,
) -> Result<UncheckedExtrinsic, ChainError> {
	let failed = |reason: &dyn Display| ChainError::Signing {
		worker,
		reason: reason.to_string(),
	};
	let payload = terms.payload(runtime_call(call)?);
	let public = sr25519::Public::from_raw(worker.0);
	let signature = payload
		.using_encoded(|bytes| keystore.sr25519_sign(KEY_TYPE, &public, bytes))
		.map_err(|error| failed(&error))?
		.ok_or_else(|| failed(&"it is not in the keystore"))?;
	let (call, extension, _) = payload.deconstruct();
	Ok(UncheckedExtrinsic::new_signed(
		call,
		MultiAddress::Id(account(worker)),
		Signature::Sr25519(signature),
		extension,
	))
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::DecodeAll;
	use inference_runtime::VERSION;
	use sp_keystore::testing::MemoryKeystore;
	use sp_runtime::traits::Verify;

	fn keystore() -> (MemoryKeystore, WorkerKey) {
		let keystore = MemoryKeystore::new();
		let public = keystore
			.sr25519_generate_new(KEY_TYPE, Some("//Alice//worker"))
			.unwrap();
		(keystore, WorkerKey(public.0))
	}

	fn terms() -> Terms {
		Terms {
			nonce: 7,
			finalized: FinalizedBlock {
				number: 1_000,
				hash: [3; 32],
			},
			genesis: Hash::repeat_byte(1),
			spec_version: VERSION.spec_version,
			transaction_version: VERSION.transaction_version,
		}
	}

	fn deliver() -> Call {
		Call::Deliver {
			workload: WorkloadId([5; 32]),
			output: vec![1, -2],
		}
	}

	fn prove() -> Call {
		Call::Prove {
			workload: WorkloadId([6; 32]),
			output: None,
			proof: vec![9; 300],
		}
	}

	#[test]
	fn transactions_should_be_signed_over_exactly_their_payload() {
		let (keystore, worker) = keystore();
		for call in [deliver(), prove()] {
			let signed = sign(&keystore, worker, call.clone(), &terms()).unwrap();
			let Preamble::Signed(_, signature, _) = &signed.preamble else {
				panic!("unsigned")
			};
			let payload = terms().payload(runtime_call(call.clone()).unwrap());
			assert!(payload.using_encoded(|bytes| signature.verify(bytes, &account(worker))));
			let other = Terms {
				nonce: 8,
				..terms()
			}
			.payload(runtime_call(call).unwrap());
			assert!(!other.using_encoded(|bytes| signature.verify(bytes, &account(worker))));
		}
	}

	#[test]
	fn transactions_should_be_recognised_in_the_pool() {
		let (keystore, worker) = keystore();
		for (call, expected) in [
			(deliver(), (WorkloadId([5; 32]), Action::Deliver)),
			(prove(), (WorkloadId([6; 32]), Action::Prove)),
		] {
			let signed = sign(&keystore, worker, call, &terms()).unwrap();
			let opaque: sp_runtime::OpaqueExtrinsic = signed.into();
			let decoded = UncheckedExtrinsic::decode_all(&mut &opaque.encode()[..]).unwrap();
			assert_eq!(action_of(&decoded, worker), Some(expected));
			assert_eq!(nonce_of(&decoded), Some(terms().nonce));
			assert_eq!(action_of(&decoded, WorkerKey([0; 32])), None);
		}
		assert!(provides_nonce(&[nonce_tag(worker, 7)], worker));
		assert!(!provides_nonce(&[nonce_tag(WorkerKey([0; 32]), 7)], worker));
	}

	#[test]
	fn transactions_should_die_after_their_last_block() {
		let (era, finalized) = (terms().era(), u64::from(terms().finalized.number));
		assert_eq!(era.birth(u64::from(terms().last_block())), finalized);
		assert_eq!(era.death(finalized), u64::from(terms().last_block()) + 1);
	}

	#[test]
	fn calls_over_the_bounds_should_be_refused() {
		let workload = WorkloadId([1; 32]);
		let got = MAX_TENSOR_VALUES as usize + 1;
		let long = Call::Deliver {
			workload,
			output: vec![0; got],
		};
		assert!(matches!(runtime_call(long), Err(ChainError::TooLarge { got: g, .. }) if g == got));
		let got = MAX_PROOF_BYTES as usize + 1;
		let long = Call::Prove {
			workload,
			output: None,
			proof: vec![0; got],
		};
		assert!(matches!(runtime_call(long), Err(ChainError::TooLarge { got: g, .. }) if g == got));
	}

	#[test]
	fn a_missing_key_should_not_sign() {
		let empty = MemoryKeystore::new();
		assert!(matches!(
			sign(&empty, WorkerKey([1; 32]), deliver(), &terms()),
			Err(ChainError::Signing { .. })
		));
	}
}
