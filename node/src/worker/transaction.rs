//! The worker's transactions: made, signed, and recognised in the pool, in the encoding that the
//! chain's metadata states. So an upgrade of the runtime needs no restart of the node.

use super::KEY_TYPE;
use codec::{DecodeAll, Encode};
use frame_support::weights::Weight;
use inference_offchain_worker::{Action, Call, ChainError, FinalizedBlock, WorkerKey};
use inference_primitives::{BlockNumber, WorkloadId, MAX_PROOF_BYTES, MAX_TENSOR_VALUES};
use inference_runtime::{AccountId, Hash, Nonce, RuntimeCall, Signature};
use inference_transaction::Metadata;
use pallet_inference_market::Call as MarketCall;
use sp_core::sr25519;
use sp_keystore::Keystore;
use sp_runtime::generic::Era;
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

/// The nonce of a transaction with these tags, if it is one of `worker`'s. The tag is the SDK's, whatever
/// the runtime's transactions look like.
pub(super) fn nonce_of(tags: &[Vec<u8>], worker: WorkerKey) -> Option<Nonce> {
	tags.iter().find_map(|tag| {
		let nonce = tag.strip_prefix(&worker.0)?;
		Nonce::decode_all(&mut &nonce[..]).ok()
	})
}

/// What a transaction does, if it is a delivery, a proof or a decline by `worker`.
pub(super) fn action_of(
	metadata: &Metadata,
	transaction: &[u8],
	worker: WorkerKey,
) -> Option<(WorkloadId, Action)> {
	// A call that this program does not know is none of the worker's.
	let (signer, call) = metadata.decode_transaction(transaction).ok().flatten()?;
	if signer != account(worker) {
		return None;
	}
	match call {
		RuntimeCall::InferenceMarket(MarketCall::deliver { workload, .. }) => {
			Some((workload, Action::Deliver))
		},
		RuntimeCall::InferenceMarket(MarketCall::prove { workload, .. }) => {
			Some((workload, Action::Prove))
		},
		RuntimeCall::InferenceMarket(MarketCall::decline { workload }) => {
			Some((workload, Action::Decline))
		},
		_ => None,
	}
}

/// The runtime's call for a call of the worker; `verify_limit`: what a proof's verification may weigh.
/// Errors: a tensor or proof over its bound.
fn runtime_call(call: Call, verify_limit: Weight) -> Result<RuntimeCall, ChainError> {
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
				verify_limit,
			}
		},
		Call::Decline { workload } => MarketCall::decline { workload },
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
	/// What verifying the workload's proof weighs in this version of the runtime.
	pub(super) verify_limit: Weight,
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

	/// No tip: deliveries and proofs are operational.
	fn signed_terms(&self) -> inference_transaction::Terms {
		inference_transaction::Terms {
			nonce: self.nonce,
			era: self.era(),
			era_start: self.finalized.hash.into(),
			genesis: self.genesis,
			spec_version: self.spec_version,
			transaction_version: self.transaction_version,
			tip: 0,
		}
	}
}

/// Signs a call with a key of the keystore: the transaction's bytes, with their length before them.
pub(super) fn sign(
	metadata: &Metadata,
	keystore: &dyn Keystore,
	worker: WorkerKey,
	call: Call,
	terms: &Terms,
) -> Result<Vec<u8>, ChainError> {
	let encoding = |error: inference_transaction::Error| ChainError::Encoding(error.to_string());
	let failed = |reason: &dyn Display| ChainError::Signing {
		worker,
		reason: reason.to_string(),
	};
	let call = metadata
		.call(&runtime_call(call, terms.verify_limit)?)
		.map_err(encoding)?;
	let unsigned = metadata
		.transaction(call, &terms.signed_terms())
		.map_err(encoding)?;
	let public = sr25519::Public::from_raw(worker.0);
	let signature = keystore
		.sr25519_sign(KEY_TYPE, &public, &unsigned.payload())
		.map_err(|error| failed(&error))?
		.ok_or_else(|| failed(&"it is not in the keystore"))?;
	unsigned
		.signed(account(worker), Signature::Sr25519(signature))
		.map_err(encoding)
}

#[cfg(test)]
mod tests {
	use super::*;
	use inference_runtime::{linked_metadata, UncheckedExtrinsic, VERSION};
	use sp_keystore::testing::MemoryKeystore;
	use sp_runtime::{generic::Preamble, traits::Verify, MultiAddress};

	/// What the linked runtime says about itself.
	fn metadata() -> Metadata {
		Metadata::decode(&linked_metadata(16).unwrap()).unwrap()
	}

	const LIMIT: Weight = Weight::from_parts(7_000, 0);

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
			verify_limit: LIMIT,
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
	fn transactions_should_be_signed_over_exactly_what_the_runtime_checks() {
		let (metadata, (keystore, worker)) = (metadata(), keystore());
		for call in [deliver(), prove()] {
			let bytes = sign(&metadata, &keystore, worker, call.clone(), &terms()).unwrap();
			let signed = UncheckedExtrinsic::decode_all(&mut &bytes[..]).unwrap();
			let Preamble::Signed(address, signature, extension) = &signed.preamble else {
				panic!("unsigned")
			};
			assert_eq!(*address, MultiAddress::Id(account(worker)));
			assert_eq!(signed.function, runtime_call(call, LIMIT).unwrap());
			// What the runtime puts together from the transaction and its state.
			let mut payload = (&signed.function, extension).encode();
			payload.extend((VERSION.spec_version, VERSION.transaction_version).encode());
			payload.extend((terms().genesis, terms().finalized.hash).encode());
			payload.extend(None::<[u8; 32]>.encode());
			let payload = if payload.len() > 256 {
				sp_io::hashing::blake2_256(&payload).to_vec()
			} else {
				payload
			};
			assert!(signature.verify(&payload[..], &account(worker)));
			let other = [&payload[..], &[0]].concat();
			assert!(!signature.verify(&other[..], &account(worker)));
		}
	}

	#[test]
	fn transactions_should_be_recognised_in_the_pool() {
		let (metadata, (keystore, worker)) = (metadata(), keystore());
		for (call, expected) in [
			(deliver(), (WorkloadId([5; 32]), Action::Deliver)),
			(prove(), (WorkloadId([6; 32]), Action::Prove)),
			(
				Call::Decline {
					workload: WorkloadId([7; 32]),
				},
				(WorkloadId([7; 32]), Action::Decline),
			),
		] {
			let bytes = sign(&metadata, &keystore, worker, call, &terms()).unwrap();
			let opaque = sp_runtime::OpaqueExtrinsic::decode_all(&mut &bytes[..]).unwrap();
			let in_pool = opaque.encode();
			assert_eq!(action_of(&metadata, &in_pool, worker), Some(expected));
			assert_eq!(action_of(&metadata, &in_pool, WorkerKey([0; 32])), None);
		}
		assert_eq!(nonce_of(&[vec![1], nonce_tag(worker, 7)], worker), Some(7));
		assert_eq!(nonce_of(&[nonce_tag(WorkerKey([0; 32]), 7)], worker), None);
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
		assert!(
			matches!(runtime_call(long, LIMIT), Err(ChainError::TooLarge { got: g, .. }) if g == got)
		);
		let got = MAX_PROOF_BYTES as usize + 1;
		let long = Call::Prove {
			workload,
			output: None,
			proof: vec![0; got],
		};
		assert!(
			matches!(runtime_call(long, LIMIT), Err(ChainError::TooLarge { got: g, .. }) if g == got)
		);
	}

	#[test]
	fn a_missing_key_should_not_sign() {
		let empty = MemoryKeystore::new();
		assert!(matches!(
			sign(&metadata(), &empty, WorkerKey([1; 32]), deliver(), &terms()),
			Err(ChainError::Signing { .. })
		));
	}
}
