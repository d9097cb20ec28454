//! Blocks and transactions of the real runtime, as an author makes them.

use super::*;
use codec::Encode;
use frame_support::{dispatch::GetDispatchInfo, storage::with_transaction_unchecked};
use inference_primitives::traits::Network;
use pallet_inference_market::CheckStep;
use sp_block_builder::runtime_decl_for_block_builder::BlockBuilder;
use sp_consensus_babe::{
	digests::{PreDigest, SecondaryVRFPreDigest},
	make_vrf_sign_data, Slot, BABE_ENGINE_ID,
};
use sp_core::{crypto::VrfSecret, sr25519, Pair};
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	generic::Era,
	traits::{Dispatchable, Header as _},
	transaction_validity::TransactionSource,
	ApplyExtrinsicResult, Digest, DigestItem, TransactionOutcome,
};
use std::{collections::BTreeMap, sync::LazyLock};

/// The chain's head, and what its author does next.
pub struct Chain {
	parent: Hash,
	number: BlockNumber,
	/// The latest finalised block.
	pub finalised: BlockNumber,
	/// Whether finality stalls.
	pub stalled: bool,
	/// Which of BABE's authorities authors the next blocks.
	pub author: u32,
}

/// Everybody's keys: to derive one takes as long as several calls.
static PAIRS: LazyLock<BTreeMap<AccountId, sr25519::Pair>> = LazyLock::new(|| {
	Sr25519Keyring::iter()
		.map(|key| (key.to_account_id(), key.pair()))
		.collect()
});

/// The key pair of an account.
pub fn pair(key: Sr25519Keyring) -> &'static sr25519::Pair {
	&PAIRS[&key.to_account_id()]
}

/// The digest of a block of the validator with this index.
pub fn digest_of(authority_index: u32) -> sp_runtime::Digest {
	digest_in_slot(authority_index, 1)
}

/// The digest of a block in this slot.
pub fn digest_in_slot(authority_index: u32, slot: u64) -> sp_runtime::Digest {
	use codec::Encode;
	use sp_consensus_babe::digests::{PreDigest, SecondaryPlainPreDigest};
	let digest = PreDigest::SecondaryPlain(SecondaryPlainPreDigest {
		authority_index,
		slot: slot.into(),
	});
	sp_runtime::Digest {
		logs: vec![sp_runtime::DigestItem::PreRuntime(
			sp_consensus_babe::BABE_ENGINE_ID,
			digest.encode(),
		)],
	}
}

/// The genesis block's hash.
const GENESIS: [u8; 32] = [0x47; 32];

impl Chain {
	/// Before the first block.
	pub fn new() -> Self {
		Self {
			parent: GENESIS.into(),
			number: 0,
			finalised: 0,
			stalled: false,
			author: 0,
		}
	}

	/// The block that is being made, or was made last.
	pub fn number(&self) -> BlockNumber {
		self.number
	}

	/// Begins a block: its hooks.
	pub fn initialize(&mut self) {
		self.number += 1;
		if !self.stalled {
			self.finalised = self.number.saturating_sub(3);
		}
		let slot = Slot::from(u64::from(self.number) + 1_000);
		let data = make_vrf_sign_data(
			&pallet_babe::Randomness::<Runtime>::get(),
			slot,
			pallet_babe::EpochIndex::<Runtime>::get(),
		);
		let digest = PreDigest::SecondaryVRF(SecondaryVRFPreDigest {
			authority_index: self.author,
			slot,
			vrf_signature: pair(Sr25519Keyring::Alice).vrf_sign(&data),
		});
		let digest = Digest {
			logs: vec![DigestItem::PreRuntime(BABE_ENGINE_ID, digest.encode())],
		};
		let header = Header::new(
			self.number,
			Default::default(),
			Default::default(),
			self.parent,
			digest,
		);
		Executive::initialize_block(&header);
	}

	/// The inherents: the time, and what the author sees finalised.
	pub fn apply_inherents(&self) {
		let mut data = sp_inherents::InherentData::new();
		let duration = pallet_network_parameters::SlotDurationMs::<Runtime>::get();
		let time = (u64::from(self.number) + 1_000) * duration;
		data.put_data(*b"timstap0", &time).expect("it is new");
		let identifier = inference_primitives::FINALITY_INHERENT_IDENTIFIER;
		data.put_data(identifier, &self.finalised)
			.expect("it is new");
		let inherents = Runtime::inherent_extrinsics(data);
		assert_eq!(inherents.len(), 2, "the inherents of a block");
		for inherent in inherents {
			assert_eq!(Executive::apply_extrinsic(inherent), Ok(Ok(())));
		}
	}

	/// A block without transactions.
	pub fn pass(&mut self) {
		self.initialize();
		self.apply_inherents();
		self.finalize();
	}

	/// Ends a block.
	pub fn finalize(&mut self) {
		self.parent = Executive::finalize_block().hash();
	}
}

/// The service clock.
pub fn now() -> inference_primitives::Tick {
	NetworkParameters::now()
}

/// Includes a transaction of the account's next nonce in the present block, or, if it is not valid,
/// leaves no trace of it.
pub fn apply(signer: Sr25519Keyring, call: RuntimeCall) -> ApplyExtrinsicResult {
	include(signed(signer, call))
}

/// What nobody signed is in no pool; and where a block's author includes it all the same, it does nothing.
pub fn check_bare(call: RuntimeCall) {
	let bare = UncheckedExtrinsic::new_bare(call);
	let source = TransactionSource::External;
	// It begins a block of its own.
	let pool = with_transaction_unchecked(|| {
		TransactionOutcome::Rollback(Executive::validate_transaction(
			source,
			bare.clone(),
			Hash::default(),
		))
	});
	assert!(pool.is_err(), "a pool took what nobody signed: {bare:?}");
	let result = include(bare.clone());
	assert!(
		!matches!(result, Ok(Ok(()))),
		"what nobody signed did something: {bare:?}"
	);
}

fn include(extrinsic: UncheckedExtrinsic) -> ApplyExtrinsicResult {
	with_transaction_unchecked(|| {
		let result = Executive::apply_extrinsic(extrinsic);
		match result {
			Ok(_) => TransactionOutcome::Commit(result),
			Err(_) => TransactionOutcome::Rollback(result),
		}
	})
}

/// Dispatches a call for its signer and takes it back. What it said of its weight, which a transaction
/// would cut to what it declared, must not exceed that.
pub fn check_weight(signer: Sr25519Keyring, call: RuntimeCall) {
	let declared = call.get_dispatch_info().call_weight;
	let origin = RuntimeOrigin::signed(signer.to_account_id());
	let name = format!("{call:.200?}");
	let result = with_transaction_unchecked(|| TransactionOutcome::Rollback(call.dispatch(origin)));
	let used = match result {
		Ok(info) => info.actual_weight,
		Err(refusal) => refusal.post_info.actual_weight,
	};
	if let Some(used) = used {
		assert!(
			used.all_lte(declared),
			"rule 9: a call used {used:?} and declared {declared:?}: {name}"
		);
	}
}

/// A transaction of the account's next nonce.
pub fn signed(signer: Sr25519Keyring, call: RuntimeCall) -> UncheckedExtrinsic {
	tipped(signer, call, 0)
}

/// The same with a tip, planck.
pub fn tipped(signer: Sr25519Keyring, call: RuntimeCall, tip: Balance) -> UncheckedExtrinsic {
	let account = signer.to_account_id();
	let extension: TxExtension = (
		frame_system::AuthorizeCall::new(),
		frame_system::CheckNonZeroSender::new(),
		frame_system::CheckSpecVersion::new(),
		frame_system::CheckTxVersion::new(),
		frame_system::CheckGenesis::new(),
		(
			frame_system::CheckEra::from(Era::Immortal),
			frame_system::CheckNonce::from(System::account_nonce(&account)),
		),
		CheckStep::new(),
		frame_system::CheckWeight::new(),
		pallet_transaction_payment::ChargeTransactionPayment::from(tip),
		frame_metadata_hash_extension::CheckMetadataHash::new(false),
		frame_system::WeightReclaim::new(),
	);
	let payload = SignedPayload::new(call, extension).expect("the extensions are valid");
	let signature = payload.using_encoded(|bytes| pair(signer).sign(bytes));
	let (call, extension, _) = payload.deconstruct();
	UncheckedExtrinsic::new_signed(
		call,
		MultiAddress::Id(account),
		MultiSignature::Sr25519(signature),
		extension,
	)
}
