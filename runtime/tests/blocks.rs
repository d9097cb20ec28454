//! Blocks under attack: what is admitted, what is left for proofs, when the clock stands, what fees do.

use super::*;
use crate::configs::{
	system::{HeaviestProof, OperationalReserve, RuntimeBlockWeights, MAXIMUM_BLOCK_WEIGHT},
	technical_committee::{MaxMotionWeight, MaxProposalWeight, TechnicalCollective},
	transaction_payment::{FeeAdjustment, MaximumMultiplier, MinimumMultiplier},
};
use codec::Encode;
use frame_support::{
	dispatch::{DispatchClass, DispatchInfo, GetDispatchInfo},
	traits::{Get, Hooks},
	weights::{constants::WEIGHT_REF_TIME_PER_MILLIS, Weight},
};
use inference_primitives::{
	parameters::UNIT,
	traits::{HoldsClock, Network, ProofVerifier as _},
	ComputeUnits, Destination, GenesisHash, Mode, ModelId, ModelRef, NodeId, PriceMultiplier,
	ProofSystem, SetupId, StatementHeader, Tick, VkHash, WorkloadId, WorkloadState,
	MAX_PROOF_BYTES, MAX_TENSOR_VALUES, STATEMENT_VERSION,
};
use pallet_inference_market::{Assigned, NotAdmitted, Terms, Workload};
use pallet_proof_verifier::{verification_weight, Key, KeySizes};
use pallet_transaction_payment::{Multiplier, MultiplierUpdate};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Eve};
use sp_runtime::{
	traits::{Convert, Header as _},
	transaction_validity::{
		InvalidTransaction, TransactionSource, TransactionValidity, TransactionValidityError,
	},
	FixedPointNumber,
};

type MarketCall = pallet_inference_market::Call<Runtime>;

/// Bytes of a motion's call that closing it reads.
const MAX_PROPOSAL_BYTES: u32 = 10_000;
/// Whose worker has the workload.
const WORKER: Sr25519Keyring = Bob;
const WORKLOAD: WorkloadId = WorkloadId([5; 32]);
const VK_HASH: VkHash = VkHash([7; 32]);

/// The first block of a development chain, with a workload whose key is as heavy as keys may be.
fn in_first_block(test: impl FnOnce()) {
	let preset = sp_genesis_builder::PresetId::from(sp_genesis_builder::DEV_RUNTIME_PRESET);
	chain_of(&preset).execute_with(|| {
		System::initialize(&1, &Hash::default(), &Default::default());
		store_heaviest_key();
		store_workload(WorkloadState::Assigned, Mode::Immediate);
		test();
	});
}

/// A transaction of the account's next nonce.
fn transaction(signer: Sr25519Keyring, call: impl Into<RuntimeCall>) -> UncheckedExtrinsic {
	chain::signed(signer, call.into())
}

/// What a pool learns of a transaction.
fn in_pool(signer: Sr25519Keyring, call: impl Into<RuntimeCall>) -> TransactionValidity {
	let transaction = transaction(signer, call);
	Executive::validate_transaction(TransactionSource::External, transaction, Hash::default())
}

fn refused(reason: NotAdmitted) -> TransactionValidityError {
	InvalidTransaction::Custom(reason as u8).into()
}

fn prove(workload: WorkloadId, values: u32, proof_bytes: u32) -> RuntimeCall {
	MarketCall::prove {
		workload,
		output: (values > 0).then(|| vec![0i64; values as usize].try_into().expect("they fit")),
		proof: vec![0u8; proof_bytes as usize].try_into().expect("it fits"),
		verify_limit: ProofVerifier::max_verify_weight(),
	}
	.into()
}

/// Stores a key whose verification weighs as much as is allowed, but for less than an instruction.
fn store_heaviest_key() {
	let weigh = |sizes: &KeySizes| {
		verification_weight::verify_proof(<Runtime as frame_system::Config>::DbWeight::get(), sizes)
	};
	let mut sizes = KeySizes {
		bytes: 0,
		public_inputs: 0,
		msm_points: 0,
		proof_points: 0,
		evaluations: 0,
		operations: 0,
		products: 0,
		compute_units: ComputeUnits(1),
	};
	let most = ProofVerifier::max_verify_weight();
	let rest = most.ref_time() - weigh(&sizes).ref_time();
	let instruction = verification_weight::time::OPERATION;
	sizes.operations = u32::try_from(rest / instruction).expect("an allowed key's size");
	let weight = weigh(&sizes);
	assert!(weight.all_lte(most) && weight.ref_time() + instruction > most.ref_time());
	pallet_proof_verifier::Keys::<Runtime>::insert(
		VK_HASH,
		Key {
			system: ProofSystem::Halo2,
			setup: SetupId::default(),
			registration: None,
			references: 1,
			reference_deposit: None,
			sizes,
		},
	);
}

fn store_workload(state: WorkloadState, mode: Mode) {
	let terms = Terms::new(
		&NetworkParameters::parameters(),
		ComputeUnits(1),
		0,
		1,
		0,
		Tick(1_000),
		Default::default(),
	)
	.expect("small amounts do not overflow");
	let workload = Workload {
		submitter: Alice.to_account_id(),
		statement: StatementHeader {
			genesis: GenesisHash([0; 32]),
			domain: 0,
			version: STATEMENT_VERSION,
			vk_hash: VK_HASH,
			model: ModelRef {
				model: ModelId(1),
				version: 1,
			},
			workload: WORKLOAD,
			destination: Destination::Local,
		},
		mode,
		state,
		terms,
		base_price: Some(1),
		held: 0,
		deposit: 0,
		assigned: Some(Assigned {
			node: NodeId(0),
			operator: Alice.to_account_id(),
			price: 1,
			proof_stake: 0,
			multiplier: PriceMultiplier::ONE,
			assigned_at: Tick(0),
		}),
		failed_operators: Default::default(),
		failed_node: None,
		outlook: Default::default(),
		attempts: 1,
		entered_at: 0,
		deadline: Tick(1_000),
		submitted_at: 0,
		delivered_at: None,
		ended_at: None,
		settlement: Default::default(),
	};
	pallet_node_pool::WorkerNodes::<Runtime>::insert(WORKER.to_account_id(), NodeId(0));
	pallet_inference_market::Workloads::<Runtime>::insert(WORKLOAD, workload);
}

fn milliseconds(count: u64) -> Weight {
	Weight::from_parts(count * WEIGHT_REF_TIME_PER_MILLIS, 0)
}

/// Sets what the present block has used.
fn block_has_used(normal: Weight, operational: Weight, mandatory: Weight) {
	frame_system::BlockWeight::<Runtime>::kill();
	System::register_extra_weight_unchecked(normal, DispatchClass::Normal);
	System::register_extra_weight_unchecked(operational, DispatchClass::Operational);
	System::register_extra_weight_unchecked(mandatory, DispatchClass::Mandatory);
}

/// Admits a transaction into the present block as `CheckWeight` does, and books its weight.
fn admit(info: &DispatchInfo, len: usize) -> Result<(), TransactionValidityError> {
	type CheckWeight = frame_system::CheckWeight<Runtime>;
	let (_, next_len) = CheckWeight::do_validate(info, len)?;
	CheckWeight::do_prepare(info, len, next_len)
}

#[test]
fn a_verification_has_no_proof_size() {
	assert_eq!(ProofVerifier::max_verify_weight().proof_size(), 0);
}

#[test]
fn two_of_the_heaviest_proofs_fit_a_block_full_of_all_else() {
	in_first_block(|| {
		let heaviest = transaction(WORKER, prove(WORKLOAD, MAX_TENSOR_VALUES, MAX_PROOF_BYTES));
		let (info, len) = (heaviest.get_dispatch_info(), heaviest.encoded_size());
		assert_eq!(info.class, DispatchClass::Operational);
		let limits = RuntimeBlockWeights::get();
		let class = limits.get(DispatchClass::Operational);
		let all = info.total_weight() + class.base_extrinsic;
		assert!(info.extension_weight.ref_time() > 0);
		assert!(all.ref_time() > ProofVerifier::max_verify_weight().ref_time());
		assert!(
			all.all_lte(HeaviestProof::get()),
			"{all:?} exceeds {:?}",
			HeaviestProof::get()
		);
		let normal = limits
			.get(DispatchClass::Normal)
			.max_total
			.expect("normal transactions are limited");
		for mandatory in [
			Weight::zero(),
			MAXIMUM_BLOCK_WEIGHT - normal,
			MAXIMUM_BLOCK_WEIGHT,
		] {
			frame_system::BlockSize::<Runtime>::kill();
			block_has_used(normal, Weight::zero(), mandatory);
			assert_eq!(admit(&info, len), Ok(()));
			assert_eq!(admit(&info, len), Ok(()));
		}
		// The reserve is no more than that.
		assert!(admit(&info, len).is_err());
	});
}

/// Steps come before all that pays, and false proofs of a few workloads of one's own never run out: they must leave
/// people room to transfer, vote and leave.
#[test]
fn a_block_full_of_steps_has_room_for_what_pays() {
	in_first_block(|| {
		block_has_used(Weight::zero(), Weight::zero(), Weight::zero());
		let heaviest = transaction(WORKER, prove(WORKLOAD, 1, 150));
		let (info, len) = (heaviest.get_dispatch_info(), heaviest.encoded_size());
		let mut steps = 0;
		while admit(&info, len).is_ok() {
			steps += 1;
		}
		assert!(steps >= 6, "{steps}");
		let remark = frame_system::Call::<Runtime>::remark { remark: vec![] };
		let remark = transaction(Eve, remark);
		let (info, len) = (remark.get_dispatch_info(), remark.encoded_size());
		let mut others = 0;
		while admit(&info, len).is_ok() {
			others += 1;
		}
		assert!(others > 1_000, "{others}");
	});
}

#[test]
fn the_block_that_begins_a_session_takes_outputs_and_proofs() {
	in_first_block(|| {
		let begin = |number: u32, slot: u64| {
			Executive::initialize_block(&Header::new(
				number,
				Default::default(),
				Default::default(),
				Default::default(),
				digest_in_slot(0, slot),
			));
		};
		begin(2, 1);
		let session = Session::current_index();
		<crate::Babe as Hooks<_>>::on_finalize(2);
		begin(3, 1 + crate::configs::babe::EpochDuration::get());
		assert!(Session::current_index() > session);
		// The SDK's pallet books a whole block for the change.
		assert!(System::block_weight().total().all_gte(MAXIMUM_BLOCK_WEIGHT));
		let remark = frame_system::Call::remark { remark: vec![] };
		assert_eq!(
			Executive::apply_extrinsic(transaction(Eve, remark)),
			Err(InvalidTransaction::ExhaustsResources.into())
		);
		let output = vec![0i64].try_into().expect("it fits");
		let deliver = transaction(
			WORKER,
			MarketCall::deliver {
				workload: WORKLOAD,
				output,
			},
		);
		assert_eq!(
			admit(&deliver.get_dispatch_info(), deliver.encoded_size()),
			Ok(())
		);
		let heaviest = transaction(WORKER, prove(WORKLOAD, MAX_TENSOR_VALUES, MAX_PROOF_BYTES));
		let (info, len) = (heaviest.get_dispatch_info(), heaviest.encoded_size());
		assert_eq!(admit(&info, len), Ok(()));
	});
}

#[test]
fn a_proof_is_weighed_by_its_own_key() {
	in_first_block(|| {
		let needed = || InferenceMarket::verify_weight(WORKLOAD).expect("it is stored");
		let proven_within = |verify_limit| {
			let mut call = prove(WORKLOAD, 1, 100);
			if let RuntimeCall::InferenceMarket(MarketCall::prove {
				verify_limit: limit,
				..
			}) = &mut call
			{
				*limit = verify_limit;
			}
			call
		};
		let heavy = needed();
		assert_eq!(heavy, ProofVerifier::verify_weight(VK_HASH));
		pallet_proof_verifier::Keys::<Runtime>::mutate(VK_HASH, |key| {
			key.as_mut().expect("it is stored").sizes.operations = 0;
		});
		let own = proven_within(needed());
		let light = own.get_dispatch_info().call_weight;
		assert!(light.ref_time() < 10 * WEIGHT_REF_TIME_PER_MILLIS);
		assert!(in_pool(WORKER, own).is_ok());
		let too_low = proven_within(needed() - Weight::from_parts(1, 0));
		let reason = refused(NotAdmitted::VerifyLimitTooLow);
		assert_eq!(in_pool(WORKER, too_low.clone()), Err(reason));
		assert_eq!(
			Executive::apply_extrinsic(transaction(WORKER, too_low)),
			Err(reason)
		);
	});
}

#[test]
fn junk_proofs_are_in_no_pool_and_no_block() {
	in_first_block(|| {
		let unknown = || prove(WorkloadId([9; 32]), 0, 150);
		let garbage = || prove(WORKLOAD, 1, 150);
		assert_eq!(
			Executive::apply_extrinsic(transaction(Eve, unknown())),
			Err(refused(NotAdmitted::UnknownWorkload))
		);
		assert_eq!(
			Executive::apply_extrinsic(transaction(Eve, garbage())),
			Err(refused(NotAdmitted::NotDue))
		);
		assert_eq!(
			in_pool(Eve, unknown()),
			Err(refused(NotAdmitted::UnknownWorkload))
		);
		assert_eq!(in_pool(Eve, garbage()), Err(refused(NotAdmitted::NotDue)));
		assert!(in_pool(WORKER, garbage()).is_ok());
		// No state in which the workload would take a proof without its output, or from Eve.
		store_workload(WorkloadState::Settled, Mode::Immediate);
		assert_eq!(
			in_pool(WORKER, garbage()),
			Err(refused(NotAdmitted::NotDue))
		);
	});
}

#[test]
fn a_relayed_proof_takes_no_reserved_weight() {
	in_first_block(|| {
		store_workload(WorkloadState::Unproven, Mode::Deferred);
		let relayed = || MarketCall::relay_proof {
			workload: WORKLOAD,
			proof: vec![0u8; 100].try_into().expect("it fits"),
		};
		let info = transaction(Eve, relayed()).get_dispatch_info();
		assert_eq!(info.class, DispatchClass::Normal);
		let worker = in_pool(WORKER, prove(WORKLOAD, 0, 100)).expect("it is due");
		let stranger = in_pool(Eve, relayed()).expect("it is due");
		assert!(worker.priority > stranger.priority);
	});
}

#[test]
fn the_reserve_is_closed_to_operational_calls_of_strangers() {
	in_first_block(|| {
		let root_call = || {
			RuntimeCall::from(frame_system::Call::<Runtime>::kill_prefix {
				prefix: vec![],
				subkeys: 1_000,
			})
		};
		let wrapped: [RuntimeCall; 8] = [
			root_call(),
			pallet_sudo::Call::<Runtime>::sudo {
				call: Box::new(root_call()),
			}
			.into(),
			pallet_sudo::Call::<Runtime>::sudo_unchecked_weight {
				call: Box::new(root_call()),
				weight: milliseconds(500),
			}
			.into(),
			pallet_utility::Call::<Runtime>::batch {
				calls: vec![prove(WORKLOAD, 1, 150); 3],
			}
			.into(),
			pallet_utility::Call::<Runtime>::force_batch {
				calls: vec![prove(WorkloadId([9; 32]), 0, 150); 3],
			}
			.into(),
			pallet_utility::Call::<Runtime>::as_derivative {
				index: 0,
				call: Box::new(prove(WORKLOAD, 1, 150)),
			}
			.into(),
			pallet_proxy::Call::<Runtime>::proxy {
				real: Alice.to_account_id().into(),
				force_proxy_type: None,
				call: Box::new(prove(WORKLOAD, 1, 150)),
			}
			.into(),
			pallet_collective::Call::<Runtime, TechnicalCollective>::execute {
				proposal: Box::new(root_call()),
				length_bound: 1_000,
			}
			.into(),
		];
		for call in wrapped {
			assert_eq!(
				call.get_dispatch_info().class,
				DispatchClass::Operational,
				"{call:?}"
			);
			for signer in [Eve, WORKER] {
				assert_eq!(
					in_pool(signer, call.clone()),
					Err(refused(NotAdmitted::NotOperational))
				);
			}
		}
		// The key of root may.
		assert!(in_pool(
			Alice,
			pallet_sudo::Call::<Runtime>::sudo {
				call: Box::new(root_call()),
			}
		)
		.is_ok());
	});
}

/// What an attacker does who wants the workers' outputs to come too late: it fills pools and blocks with what pays more.
#[test]
fn a_step_goes_before_what_tips_a_thousand_tokens() {
	in_first_block(|| {
		let priority = |transaction: UncheckedExtrinsic| {
			let source = TransactionSource::External;
			let validity = Executive::validate_transaction(source, transaction, Hash::default());
			validity.expect("it is valid").priority
		};
		let step = priority(transaction(WORKER, prove(WORKLOAD, 1, 150)));
		let remark = |bytes: usize, tip| {
			let remark = frame_system::Call::<Runtime>::remark {
				remark: vec![0; bytes],
			};
			priority(chain::tipped(Eve, remark.into(), tip))
		};
		// What fits a block most often is outbid most dearly: a batch of a tenth of a block needs hundreds of times as much.
		assert!(remark(0, 1_000 * UNIT) < step);
		assert!(remark(0, UNIT) > remark(0, 0), "a tip counts");
		assert!(remark(100_000, 1_000 * UNIT) < remark(0, 1_000 * UNIT));
	});
}

/// One of the committee spends the reserve on calls that fail, to hold the service clock: the fees are all that it costs.
#[test]
fn a_member_of_the_committee_makes_and_closes_motions_and_nothing_else_with_the_reserve() {
	in_first_block(|| {
		pallet_collective::Members::<Runtime, TechnicalCollective>::put(vec![Eve.to_account_id()]);
		type Committee = pallet_collective::Call<Runtime, TechnicalCollective>;
		let remark = || {
			let remark = vec![];
			RuntimeCall::from(frame_system::Call::<Runtime>::remark { remark })
		};
		let close = |proposal_weight_bound, length_bound| Committee::close {
			proposal_hash: Hash::default(),
			index: 0,
			proposal_weight_bound,
			length_bound,
		};
		let heavy = |subkeys| {
			let prefix = vec![];
			RuntimeCall::from(frame_system::Call::<Runtime>::kill_prefix { prefix, subkeys })
		};
		let propose = |threshold, proposal, length_bound| Committee::propose {
			threshold,
			proposal: Box::new(proposal),
			length_bound,
		};
		let vote = Committee::vote {
			proposal: Hash::default(),
			index: 0,
			approve: true,
		};
		let execute = Committee::execute {
			proposal: Box::new(heavy(25_000)),
			length_bound: 100,
		};
		let heaviest = MaxProposalWeight::get();
		let kept_out: [RuntimeCall; 6] = [
			heavy(25_000),
			execute.into(),
			propose(1, heavy(25_000), 100).into(),
			propose(2, remark(), u32::MAX).into(),
			close(MaxMotionWeight::get(), 100).into(),
			close(heaviest, u32::MAX).into(),
		];
		for call in kept_out {
			let refusal = Err(refused(NotAdmitted::NotOperational));
			assert_eq!(in_pool(Eve, call.clone()), refusal, "{call:?}");
		}
		let motions = [
			vote,
			propose(2, remark(), 100),
			propose(1, remark(), 100),
			close(heaviest, MAX_PROPOSAL_BYTES),
		];
		let tags = motions.map(|call| {
			let validity = in_pool(Eve, call).expect("it is about a motion");
			// One of the nonce, one of the member: a pool keeps one motion of each.
			assert_eq!(validity.provides.len(), 2);
			validity.provides
		});
		assert!(tags.iter().all(|others| *others == tags[0]));
		// Two members leave the reserve room for a proof.
		let around = transaction(Eve, remark()).get_dispatch_info();
		let motion = around.total_weight() + MaxMotionWeight::get();
		let both = motion.saturating_mul(2);
		assert!((both + HeaviestProof::get()).all_lte(OperationalReserve::get()));
	});
}

#[test]
fn a_batch_of_failing_claims_gives_its_weight_back() {
	in_first_block(|| {
		let claim = RuntimeCall::from(MarketCall::claim {
			account: AccountId::new([9; 32]),
		});
		let batch = pallet_utility::Call::<Runtime>::force_batch {
			calls: vec![claim; 500],
		};
		let transaction = transaction(Eve, batch);
		let declared = transaction.get_dispatch_info().total_weight();
		block_has_used(Weight::zero(), Weight::zero(), Weight::zero());
		let applied = Executive::apply_extrinsic(transaction).expect("it is valid");
		assert_eq!(applied, Ok(()));
		let used = *System::block_weight().get(DispatchClass::Normal);
		assert!(
			used.ref_time() < declared.ref_time() / 2,
			"{used:?} of {declared:?}"
		);
	});
}

#[test]
fn room_for_a_proof_is_what_check_weight_finds() {
	in_first_block(|| {
		let class = RuntimeBlockWeights::get();
		let base = class.get(DispatchClass::Operational).base_extrinsic;
		let info = DispatchInfo {
			call_weight: HeaviestProof::get() - base,
			class: DispatchClass::Operational,
			..Default::default()
		};
		let mut seen = [0u32; 2];
		for normal in [0, 700, 1_499, 1_500] {
			for operational in [
				0, 100, 249, 250, 251, 500, 1_000, 1_749, 1_750, 1_751, 2_000,
			] {
				for mandatory in [0, 1, 250, 500, 2_000] {
					frame_system::BlockSize::<Runtime>::kill();
					let used = [normal, operational, mandatory].map(milliseconds);
					block_has_used(used[0], used[1], used[2]);
					let room = InferenceMarket::has_room_for_a_proof();
					assert_eq!(room, admit(&info, 0).is_ok(), "{used:?}");
					seen[usize::from(room)] += 1;
				}
			}
		}
		assert!(seen.iter().all(|count| *count > 10), "{seen:?}");
	});
}

#[test]
fn the_clock_stands_in_the_block_after_the_reserve_ran_out() {
	in_first_block(|| {
		let reserve = OperationalReserve::get();
		let at = NetworkParameters::now();
		block_has_used(milliseconds(1_500), reserve, Weight::zero());
		InferenceMarket::on_finalize(1);
		assert!(InferenceMarket::holds_clock());
		NetworkParameters::on_initialize(2);
		assert_eq!(NetworkParameters::now(), at);
		assert!(!NetworkParameters::is_serving());
		// A block that a session's change fills has its reserve left.
		block_has_used(Weight::zero(), Weight::zero(), MAXIMUM_BLOCK_WEIGHT);
		InferenceMarket::on_finalize(2);
		NetworkParameters::on_initialize(3);
		assert_eq!(NetworkParameters::now(), Tick(at.0 + 1));
	});
}

/// The multiplier after so many blocks of this normal weight.
fn after(blocks: u32, normal: Weight, mut multiplier: Multiplier) -> Multiplier {
	block_has_used(normal, Weight::zero(), Weight::zero());
	for _ in 0..blocks {
		multiplier = FeeAdjustment::convert(multiplier);
	}
	multiplier
}

#[test]
fn fees_follow_load_within_their_bounds() {
	in_first_block(|| {
		let (least, most) = (MinimumMultiplier::get(), MaximumMultiplier::get());
		assert_eq!((FeeAdjustment::min(), FeeAdjustment::max()), (least, most));
		assert_eq!(TransactionPayment::next_fee_multiplier(), least);
		let (full, target) = (milliseconds(1_500), milliseconds(750));
		let two = Multiplier::saturating_from_integer(2);
		// They double in 139 full blocks, are a hundred times in 922, and no more ever.
		assert!(after(138, full, least) < two);
		assert!(after(139, full, least) > two);
		assert!(after(921, full, least) < most);
		assert_eq!(after(922, full, least), most);
		assert_eq!(after(10_000, full, least), most);
		// As slowly they fall, and not below the least; at the target they stay.
		assert!(after(138, Weight::zero(), two) > least);
		assert_eq!(after(139, Weight::zero(), two), least);
		assert_eq!(after(10_000, Weight::zero(), most), least);
		assert_eq!(after(10_000, target, two), two);
	});
}

#[test]
fn a_signed_call_of_the_mandatory_class_is_refused_also_in_a_block() {
	in_first_block(|| {
		// A proxy's call has the class of the call that it holds, and succeeds where that one fails.
		let call = pallet_proxy::Call::<Runtime>::proxy {
			real: Alice.to_account_id().into(),
			force_proxy_type: None,
			call: Box::new(pallet_timestamp::Call::<Runtime>::set { now: 1 }.into()),
		};
		let call = RuntimeCall::from(call);
		assert_eq!(call.get_dispatch_info().class, DispatchClass::Mandatory);
		assert_eq!(
			in_pool(Alice, call.clone()),
			Err(InvalidTransaction::MandatoryValidation.into())
		);
		assert_eq!(
			Executive::apply_extrinsic(transaction(Alice, call)),
			Err(InvalidTransaction::BadMandatory.into())
		);
	});
}
