//! Benchmarks of the pallet's calls and hooks, and of what its extension reads.
//!
//! Lists are as long as they may be, unless a shorter one writes more: a write to the database weighs as
//! much as decoding hundreds of entries. Proofs are not verified here: their verification is weighed by
//! its verifier.

use super::*;
use crate::{
	breaker::{DelayedRange, DelayedSlash, Trip, DELAYED_PER_BLOCK},
	deadlines::MAX_CURSOR_STEPS,
	delivery::WorkStep,
	queue::Draws,
	submission::Order,
	turns::TURNS_PER_BLOCK,
};
use frame_benchmarking::{benchmarking::add_to_whitelist, v2::*};
use frame_support::{
	traits::{fungible::Mutate, EnsureOrigin, Get, Hooks},
	weights::Weight,
};
use frame_system::RawOrigin;
use inference_primitives::{
	parameters::UNIT,
	price::{PoolOffer, Quote},
	traits::Assignment,
	ModelId, PriceMultiplier, ProtocolParameters,
};
use sp_runtime::transaction_validity::TransactionSource;

/// What benchmarks need of the runtime.
pub trait BenchmarkHelper<AccountId> {
	/// Stores a model that is for sale, of so many input and output values, with a royalty, and its key.
	fn model(model: ModelRef, inputs: u32, outputs: u32);
	/// Lets an operator bond for any pledge; its ledger is as long as it may be.
	fn operator(operator: &AccountId);
	/// Stores a node of an operator's, the only one in the model's pool, that the next miss suspends.
	fn node(model: ModelRef, operator: &AccountId, worker: &AccountId) -> NodeId;
	/// Sets the service clock.
	fn set_now(now: Tick);
}

/// What users have, planck.
const FUNDS: Balance = 1_000_000_000 * UNIT;
/// The model of all workloads.
const MODEL: ModelRef = model(1);

const fn model(id: u32) -> ModelRef {
	ModelRef {
		model: ModelId(id),
		version: 1,
	}
}

fn tensor(values: u32) -> Tensor {
	Tensor::truncate_from(alloc::vec![0; values as usize])
}

/// An account with funds.
fn user<T: Config>(seed: u32) -> Result<T::AccountId, BenchmarkError> {
	let user: T::AccountId = account("user", seed, 0);
	T::Currency::mint_into(&user, FUNDS)
		.map_err(|_| BenchmarkError::Stop("the account cannot be funded"))?;
	Ok(user)
}

/// An operator and its node's worker.
fn operator<T: Config>() -> (T::AccountId, T::AccountId) {
	let (operator, worker) = (account("operator", 0, 0), account("worker", 0, 0));
	T::BenchmarkHelper::operator(&operator);
	(operator, worker)
}

/// Lets so many other models have queues, which nobody serves.
fn serve_others<T: Config>(count: u32) -> Result<(), BenchmarkError> {
	(0..count).try_for_each(|id| {
		Pallet::<T>::enter_turns(model(1_000 + id))
			.map_err(|_| BenchmarkError::Stop("too many models have a queue"))
	})
}

/// An order of [`MODEL`], at twice its price and with the longest deadline.
fn order<T: Config>(inputs: u32, mode: Mode) -> Result<Order, BenchmarkError> {
	let price = Pallet::<T>::present_price(MODEL).ok_or(BenchmarkError::Stop("no model"))?;
	Ok(Order {
		model: MODEL,
		input: tensor(inputs),
		destination: Destination::Local,
		mode,
		max_price: price * 2,
		deadline: T::Network::parameters().max_deadline,
		value_at_risk: match mode {
			Mode::Deferred => UNIT,
			Mode::Immediate => 0,
		},
	})
}

/// Submits an order of the user's: the last in the queue.
fn submit<T: Config>(
	user: &T::AccountId,
	inputs: u32,
	mode: Mode,
) -> Result<WorkloadId, BenchmarkError> {
	Pallet::<T>::do_submit(user.clone(), order::<T>(inputs, mode)?)
		.map_err(|_| BenchmarkError::Stop("the order is refused"))?;
	let queue = Queues::<T>::get(MODEL);
	queue.last.ok_or(BenchmarkError::Stop("nothing is queued"))
}

fn stored<T: Config>(id: WorkloadId) -> Result<WorkloadOf<T>, BenchmarkError> {
	Workloads::<T>::get(id).ok_or(BenchmarkError::Stop("the workload is gone"))
}

fn state<T: Config>(id: WorkloadId) -> Option<WorkloadState> {
	Workloads::<T>::get(id).map(|workload| workload.state)
}

/// Draws of a block in which every seed is known, within this weight.
fn draws<T: Config>(most: Weight) -> Draws<T> {
	let outputs = alloc::vec![[7; 32]; ProtocolParameters::MAX_SEED_BLOCKS as usize];
	Draws::begin(BlockNumber::MAX, outputs, Weight::zero(), most)
}

/// What nodes offer that ask the base price.
fn offer(reach: Balance) -> PoolOffer {
	PoolOffer {
		reach,
		least: PriceMultiplier::ONE,
		going: PriceMultiplier::ONE,
		crowded: PriceMultiplier::ONE,
	}
}

/// A workload that was drawn, and who works on it.
struct Drawn<AccountId> {
	id: WorkloadId,
	worker: AccountId,
}

/// Submits an order and draws it to a new operator's node. This model has no queue then, others have.
fn drawn<T: Config>(
	inputs: u32,
	outputs: u32,
	mode: Mode,
) -> Result<Drawn<T::AccountId>, BenchmarkError> {
	T::BenchmarkHelper::model(MODEL, inputs, outputs);
	let (operator, worker) = operator::<T>();
	T::BenchmarkHelper::node(MODEL, &operator, &worker);
	let user = user::<T>(0)?;
	let id = submit::<T>(&user, inputs, mode)?;
	let most = &mut draws(Weight::MAX);
	let mut waiting = alloc::vec::Vec::new();
	Pallet::<T>::draw_from(Some(id), offer(Balance::MAX), 1, most, &mut waiting);
	if state::<T>(id) != Some(WorkloadState::Assigned) {
		return Err(BenchmarkError::Stop("the workload was not drawn"));
	}
	serve_others::<T>(2)?;
	Ok(Drawn { id, worker })
}

/// A drawn workload whose output was delivered.
fn delivered<T: Config>(inputs: u32, outputs: u32) -> Result<Drawn<T::AccountId>, BenchmarkError> {
	let drawn = drawn::<T>(inputs, outputs, Mode::Deferred)?;
	Pallet::<T>::do_deliver(drawn.worker.clone(), drawn.id, tensor(outputs))
		.map_err(|_| BenchmarkError::Stop("the output is refused"))?;
	Ok(drawn)
}

/// The step of a proof that comes with its output.
const PROVE: WorkStep = WorkStep::Prove {
	with_output: true,
	verify_limit: Weight::MAX,
};

/// Lets the deadline of a workload pass, long before the user's.
fn pass_deadline<T: Config>(id: WorkloadId) -> Result<(), BenchmarkError> {
	T::BenchmarkHelper::set_now(Tick(stored::<T>(id)?.deadline.0 + 1));
	Ok(())
}

#[benchmarks]
mod benches {
	use super::*;

	/// With `n` input values: the first order of its transaction, and of a queue, which others have, too.
	#[benchmark]
	fn submit_workload(n: Linear<1, MAX_TENSOR_VALUES>) -> Result<(), BenchmarkError> {
		T::BenchmarkHelper::model(MODEL, n, MAX_TENSOR_VALUES);
		serve_others::<T>(2)?;
		frame_system::Pallet::<T>::set_extrinsic_index(1);
		let caller: T::AccountId = whitelisted_caller();
		T::Currency::mint_into(&caller, FUNDS)
			.map_err(|_| BenchmarkError::Stop("the account cannot be funded"))?;
		let order = order::<T>(n, Mode::Deferred)?;
		#[extrinsic_call]
		_(
			RawOrigin::Signed(caller),
			order.model,
			order.input,
			order.destination,
			order.mode,
			order.max_price,
			order.deadline,
			order.value_at_risk,
		);
		assert_eq!(Queues::<T>::get(MODEL).length, 1);
		Ok(())
	}

	/// The last of its queue, which others have, too: that writes more than to leave between two others.
	#[benchmark]
	fn cancel() -> Result<(), BenchmarkError> {
		T::BenchmarkHelper::model(MODEL, 1, 1);
		let user = user::<T>(0)?;
		serve_others::<T>(2)?;
		let id = submit::<T>(&user, 1, Mode::Deferred)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(user), id);
		assert_eq!(state::<T>(id), Some(WorkloadState::Cancelled));
		Ok(())
	}

	/// With `n` output values.
	#[benchmark]
	fn deliver(n: Linear<1, MAX_TENSOR_VALUES>) -> Result<(), BenchmarkError> {
		let Drawn { id, worker, .. } = drawn::<T>(1, n, Mode::Deferred)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(worker), id, tensor(n));
		assert_eq!(state::<T>(id), Some(WorkloadState::Unproven));
		Ok(())
	}

	/// With `n` output values and the largest input, but for the verification.
	#[benchmark]
	fn prove(n: Linear<1, MAX_TENSOR_VALUES>) -> Result<(), BenchmarkError> {
		let Drawn { id, worker, .. } = drawn::<T>(MAX_TENSOR_VALUES, n, Mode::Immediate)?;
		let settled;
		#[block]
		{
			settled = Pallet::<T>::claim_to_prove(&worker, id, PROVE, Some(tensor(n)))
				.map(|due| Pallet::<T>::settle_proven(id, due));
		}
		assert!(matches!(settled, Ok(Ok(()))));
		assert_eq!(state::<T>(id), Some(WorkloadState::Settled));
		Ok(())
	}

	/// Of the largest output, but for the verification. A worker's proof of what it delivered weighs the
	/// same.
	#[benchmark]
	fn relay_proof() -> Result<(), BenchmarkError> {
		let Drawn { id, .. } = delivered::<T>(MAX_TENSOR_VALUES, MAX_TENSOR_VALUES)?;
		let relayer: T::AccountId = whitelisted_caller();
		let settled;
		#[block]
		{
			settled = Pallet::<T>::claim_to_prove(&relayer, id, WorkStep::Relay, None)
				.map(|due| Pallet::<T>::settle_proven(id, due));
		}
		assert!(matches!(settled, Ok(Ok(()))));
		assert_eq!(state::<T>(id), Some(WorkloadState::Settled));
		Ok(())
	}

	/// A missed delivery: the node is suspended, its operator slashed, the user and the treasury are
	/// credited, and the workload comes back into a queue, which begins with it.
	#[benchmark]
	fn expire() -> Result<(), BenchmarkError> {
		let Drawn { id, .. } = drawn::<T>(1, 1, Mode::Deferred)?;
		pass_deadline::<T>(id)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(whitelisted_caller()), id);
		let workload = stored::<T>(id)?;
		assert_eq!(workload.state, WorkloadState::Queued);
		assert!(workload.settlement.compensation > 0);
		assert!(workload.settlement.slashed_to_treasury > 0);
		Ok(())
	}

	/// By the last node of a pool, whose records go with it; otherwise as a missed delivery.
	#[benchmark]
	fn decline() -> Result<(), BenchmarkError> {
		let Drawn { id, worker, .. } = drawn::<T>(1, 1, Mode::Deferred)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(worker), id);
		assert_eq!(state::<T>(id), Some(WorkloadState::Queued));
		assert_eq!(T::NodePool::offer(MODEL), None);
		Ok(())
	}

	/// To an account that does not exist yet.
	#[benchmark]
	fn claim() -> Result<(), BenchmarkError> {
		let claimant: T::AccountId = account("claimant", 0, 0);
		T::Currency::mint_into(&Pallet::<T>::account_id(), FUNDS)
			.map_err(|_| BenchmarkError::Stop("the account cannot be funded"))?;
		Pallet::<T>::credit(&claimant, UNIT);
		#[extrinsic_call]
		_(RawOrigin::Signed(whitelisted_caller()), claimant.clone());
		assert!(!Credits::<T>::contains_key(claimant));
		Ok(())
	}

	/// Of a workload that has an output.
	#[benchmark]
	fn prune() -> Result<(), BenchmarkError> {
		T::BenchmarkHelper::model(MODEL, MAX_TENSOR_VALUES, MAX_TENSOR_VALUES);
		let user = user::<T>(0)?;
		let id = submit::<T>(&user, MAX_TENSOR_VALUES, Mode::Deferred)?;
		Pallet::<T>::do_cancel(user, id)
			.map_err(|_| BenchmarkError::Stop("the order cannot be cancelled"))?;
		Outputs::<T>::insert(id, tensor(MAX_TENSOR_VALUES));
		pass_deadline::<T>(id)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(whitelisted_caller()), id);
		assert!(!Workloads::<T>::contains_key(id) && !Outputs::<T>::contains_key(id));
		Ok(())
	}

	/// Whatever a call with `n` values reads until it is refused, without a verification: a proof of the
	/// largest input, that turns out to be false.
	#[benchmark]
	fn refused(n: Linear<1, MAX_TENSOR_VALUES>) -> Result<(), BenchmarkError> {
		let Drawn { id, worker, .. } = drawn::<T>(MAX_TENSOR_VALUES, n, Mode::Immediate)?;
		let due;
		#[block]
		{
			due = Pallet::<T>::claim_to_prove(&worker, id, PROVE, Some(tensor(n)));
		}
		assert!(due.is_ok());
		Ok(())
	}

	/// A claim of less than the account needs to exist.
	#[benchmark]
	fn refused_claim() -> Result<(), BenchmarkError> {
		let claimant: T::AccountId = account("claimant", 0, 0);
		Credits::<T>::insert(&claimant, 1);
		let outcome;
		#[block]
		{
			outcome = frame_support::storage::with_storage_layer(|| {
				Pallet::<T>::do_claim(claimant.clone())
			});
		}
		assert!(outcome.is_err());
		assert!(Credits::<T>::contains_key(claimant));
		Ok(())
	}

	/// What the transaction extension reads for a step, in a block.
	#[benchmark]
	fn check_step() -> Result<(), BenchmarkError> {
		let Drawn { id, worker, .. } = drawn::<T>(1, 1, Mode::Immediate)?;
		let checked;
		#[block]
		{
			checked = extension::check::<T>(&worker, id, PROVE, 300, TransactionSource::InBlock);
		}
		assert!(checked.is_ok());
		Ok(())
	}

	/// A block's beginning: the parent's VRF output is kept, and the base price stepped.
	#[benchmark]
	fn on_initialize() {
		let length = T::Network::parameters().node_epoch;
		T::BenchmarkHelper::set_now(Tick(length));
		PriceStepped::<T>::put(Tick(0));
		PaidUnits::<T>::put(ComputeUnits(1));
		#[block]
		{
			// A chain of benchmarks has no parent with an output.
			let output = T::ParentVrf::parent_vrf().unwrap_or([7; 32]);
			Pallet::<T>::record_parent_vrf(2u32.into(), Some(output));
			Pallet::<T>::step_base_price();
		}
		assert!(VrfOutputs::<T>::contains_key(1));
		assert_eq!(PriceStepped::<T>::get(), Tick(length));
	}

	/// A block's end: whether its reserve ran out.
	#[benchmark]
	fn on_finalize() {
		ReserveExhausted::<T>::put(true);
		#[block]
		{
			Pallet::<T>::on_finalize(1u32.into());
		}
		assert!(!ReserveExhausted::<T>::get());
	}

	/// The cursor's way over `t` ticks on which nothing is due.
	#[benchmark]
	fn pass_deadlines(t: Linear<0, MAX_CURSOR_STEPS>) {
		T::BenchmarkHelper::set_now(Tick(t));
		DeadlineCursor::<T>::put(Tick(0));
		#[block]
		{
			Pallet::<T>::let_deadlines_pass();
		}
		assert_eq!(DeadlineCursor::<T>::get(), Tick(t));
	}

	/// The cursor's way over `t` ticks on which no retention ends.
	#[benchmark]
	fn pass_retained(t: Linear<0, MAX_CURSOR_STEPS>) {
		T::BenchmarkHelper::set_now(Tick(t));
		RetainedCursor::<T>::put(Tick(0));
		#[block]
		{
			Pallet::<T>::prune_within(Weight::MAX);
		}
		assert_eq!(RetainedCursor::<T>::get(), Tick(t));
	}

	/// Serving the queues of `m` models, of which nobody can serve one: what all draws of a block share is
	/// read.
	#[benchmark]
	fn serve_queues(m: Linear<1, TURNS_PER_BLOCK>) -> Result<(), BenchmarkError> {
		let m = m.min(T::MaxServedModels::get());
		let most = ProtocolParameters::MAX_SEED_BLOCKS;
		for block in 1..=most {
			VrfOutputs::<T>::insert(block, (block, [7; 32]));
		}
		serve_others::<T>(m)?;
		#[block]
		{
			Pallet::<T>::serve_queues_within((most + 1).into(), Weight::MAX);
		}
		assert_eq!(Pallet::<T>::latest_outputs(most + 1).len(), most as usize);
		Ok(())
	}

	/// One model's turn, but for its looks.
	#[benchmark]
	fn serve_model() -> Result<(), BenchmarkError> {
		T::BenchmarkHelper::model(MODEL, 1, 1);
		let (operator, worker) = operator::<T>();
		T::BenchmarkHelper::node(MODEL, &operator, &worker);
		let id = submit::<T>(&user::<T>(0)?, 1, Mode::Deferred)?;
		let most = &mut draws::<T>(Weight::zero());
		#[block]
		{
			if let Some(offer) = T::NodePool::offer(MODEL) {
				Pallet::<T>::serve_model(MODEL, offer, most);
			}
		}
		assert_eq!(Queues::<T>::get(MODEL).resume, Some(id));
		Ok(())
	}

	/// A look at an entry, up to the draw: it asks for more stake than there is. Its key was looked at for
	/// another one.
	#[benchmark]
	fn look() -> Result<(), BenchmarkError> {
		T::BenchmarkHelper::model(MODEL, 1, 1);
		let id = submit::<T>(&user::<T>(0)?, 1, Mode::Deferred)?;
		let mut waiting = alloc::vec::Vec::new();
		let most = &mut draws::<T>(Weight::MAX);
		most.is_void(stored::<T>(id)?.statement.vk_hash);
		#[block]
		{
			Pallet::<T>::draw_from(Some(id), offer(0), 1, most, &mut waiting);
		}
		assert_eq!(waiting, [id]);
		Ok(())
	}

	/// Whether the key of a workload is disabled.
	#[benchmark]
	fn void_check() -> Result<(), BenchmarkError> {
		T::BenchmarkHelper::model(MODEL, 1, 1);
		let id = submit::<T>(&user::<T>(0)?, 1, Mode::Deferred)?;
		let vk_hash = stored::<T>(id)?.statement.vk_hash;
		let mut draws = draws::<T>(Weight::MAX);
		let void;
		#[block]
		{
			void = draws.is_void(vk_hash);
		}
		assert!(!void);
		Ok(())
	}

	/// The end of a queue, of a model with a turn between two others. The ring's head is written once in a
	/// block, and counted with the serving of all.
	#[benchmark]
	fn end_queue() -> Result<(), BenchmarkError> {
		serve_others::<T>(3)?;
		add_to_whitelist(ServedModels::<T>::hashed_key().to_vec().into());
		#[block]
		{
			Pallet::<T>::leave_turns(model(1_001));
		}
		assert_eq!(
			ServedModels::<T>::get().map(|served| served.models),
			Some(2)
		);
		Ok(())
	}

	/// The first assignment of a workload between two others of its queue. What others of the block write,
	/// too, is written once in a block and counted with these: the queue with its model's turn, and the
	/// links of the neighbours with their own draws or apart.
	#[benchmark]
	fn assign() -> Result<(), BenchmarkError> {
		T::BenchmarkHelper::model(MODEL, 1, 1);
		let user = user::<T>(0)?;
		let before = submit::<T>(&user, 1, Mode::Deferred)?;
		let id = submit::<T>(&user, 1, Mode::Deferred)?;
		let after = submit::<T>(&user, 1, Mode::Deferred)?;
		let workload = stored::<T>(id)?;
		let draws = draws::<T>(Weight::MAX);
		add_to_whitelist(Queues::<T>::hashed_key_for(MODEL).into());
		for neighbour in [before, after] {
			add_to_whitelist(QueueLinks::<T>::hashed_key_for(neighbour).into());
		}
		let assignment = Assignment {
			node: NodeId(0),
			operator: account("operator", 0, 0),
			worker: account("worker", 0, 0),
			multiplier: PriceMultiplier::ONE,
			quote: Quote {
				price: workload.terms.max_price / 2,
				work_price: workload.terms.max_price / 4,
				proof_stake: UNIT,
			},
			due: Tick(100),
		};
		#[block]
		{
			Pallet::<T>::assign(id, workload, assignment, &draws);
		}
		assert_eq!(state::<T>(id), Some(WorkloadState::Assigned));
		Ok(())
	}

	/// `n` delayed slashes of as many operators, for the workloads of as many users.
	#[benchmark]
	fn settle_delayed(n: Linear<0, DELAYED_PER_BLOCK>) -> Result<(), BenchmarkError> {
		T::BenchmarkHelper::model(MODEL, 1, 1);
		for number in 0..n {
			let operator: T::AccountId = account("operator", number, 0);
			T::BenchmarkHelper::operator(&operator);
			let submitter = user::<T>(number)?;
			let workload = submit::<T>(&submitter, 1, Mode::Deferred)?;
			let slash = DelayedSlash {
				workload,
				submitter,
				node: NodeId(number),
				amount: 2 * UNIT,
				compensation: UNIT,
				earmarked: T::Stakes::earmark(&operator, 2 * UNIT),
				operator,
			};
			DelayedSlashes::<T>::insert(number, slash);
		}
		Delayed::<T>::put(DelayedRange {
			first: 0,
			next: n,
			forgiven: 0,
		});
		Breaker::<T>::put(Trip {
			until: Tick(0),
			ready: Tick(u32::MAX),
		});
		T::BenchmarkHelper::set_now(Tick(1));
		#[block]
		{
			Pallet::<T>::settle_delayed();
		}
		assert!(Delayed::<T>::get().is_empty());
		assert_eq!(Credits::<T>::iter().count() > 0, n > 0);
		Ok(())
	}

	#[benchmark]
	fn forgive_delayed_slashes() -> Result<(), BenchmarkError> {
		let origin = T::GovernanceOrigin::try_successful_origin()
			.map_err(|_| BenchmarkError::Stop("governance has no origin"))?;
		Breaker::<T>::put(Trip {
			until: Tick(u32::MAX),
			ready: Tick(u32::MAX),
		});
		let range = DelayedRange {
			first: 0,
			next: 1,
			forgiven: 0,
		};
		Delayed::<T>::put(range);
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin);
		assert_eq!(Delayed::<T>::get().forgiven, 1);
		Ok(())
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
