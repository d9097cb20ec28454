//! Benchmarks of the pallet's calls and hooks.
//!
//! Lists are as long as they may be, unless a shorter one writes more: a write to the database weighs as
//! much as decoding hundreds of entries.

use super::*;
use crate::misses::CountedMiss;
use frame_benchmarking::{benchmarking::add_to_whitelist, v2::*};
use frame_support::{
	traits::{Get, Hooks},
	BoundedVec,
};
use frame_system::RawOrigin;
use inference_primitives::{
	node::{Standing, WorkerConsent},
	parameters::UNIT,
	price::{Bid, PoolOffer, StakeTerms},
	traits::{DrawRequest, Drawn, NodePool as _},
	GenesisHash, Mode, ModelId, PriceMultiplier, ProtocolParameters, Tick, Ticks,
};

/// What benchmarks need of the runtime.
pub trait BenchmarkHelper<AccountId, Signature> {
	/// Lets an operator bond for any pledge; its ledger is as long as it may be.
	fn bond(operator: &AccountId);
	/// Where its ledger is stored.
	fn ledger_key(operator: &AccountId) -> alloc::vec::Vec<u8>;
	/// Stores a model that is for sale.
	fn model(model: ModelRef);
	/// An account that can sign.
	fn worker(seed: u32) -> AccountId;
	/// Its signature.
	fn sign(worker: &AccountId, message: &[u8]) -> Signature;
}

/// The model of most benchmarks.
const MODEL: ModelRef = model(1);
/// The present epoch.
const EPOCH: u32 = 10;
/// What a node pledges, compute units per block.
const CAPACITY: ComputeUnits = ComputeUnits(1_000);

const fn model(id: u32) -> ModelRef {
	ModelRef {
		model: ModelId(id),
		version: 1,
	}
}

/// Limits that keep nothing out.
fn limits() -> Limits {
	Limits {
		max_value_at_risk: Balance::MAX,
		max_proof_stake: Balance::MAX,
		min_work_price: 0,
		multiplier: PriceMultiplier::ONE,
	}
}

/// So many models that nobody knows, and then [`MODEL`].
fn models<T: Config>(others: u32) -> BoundedVec<ModelRef, T::MaxModelsPerNode> {
	let others = (0..others).map(|id| model(1_000 + id));
	BoundedVec::truncate_from(others.chain([MODEL]).collect())
}

/// Stores a node of an operator's, with the longest record: it serves as many models as it may, the
/// last of which is [`MODEL`], with limits for each.
fn store_node<T: Config>(
	operator: &T::AccountId,
	worker: &T::AccountId,
	change: impl FnOnce(&mut NodeOf<T>),
) -> NodeId {
	let id = NextNodeId::<T>::mutate(|next| {
		let id = *next;
		next.0 += 1;
		id
	});
	let models = models::<T>(T::MaxModelsPerNode::get() - 1);
	let limited = models.iter().map(|model| (*model, limits())).collect();
	let mut node = Node {
		operator: operator.clone(),
		worker: worker.clone(),
		capacity: CAPACITY,
		next_capacity: CAPACITY,
		usable: CAPACITY,
		outstanding: ComputeUnits::ZERO,
		proving: ComputeUnits::ZERO,
		bounds: Bounds {
			backlog: Ticks(u32::MAX),
			proving: Ticks(u32::MAX),
		},
		models: models.clone(),
		next_models: models,
		delivered: 0,
		missed: 0,
		changed_in: 0,
		standing: Standing::Active,
		// The next miss suspends it.
		epoch_misses: EpochMisses {
			epoch: EPOCH,
			count: u32::MAX - 1,
		},
		counted: Counted {
			epoch: EPOCH,
			units: CAPACITY,
		},
		limits: BoundedVec::truncate_from(limited),
	};
	change(&mut node);
	TotalPledge::<T>::mutate(|total| total.0 += node.counted.units.0);
	WorkerNodes::<T>::insert(worker, id);
	OperatorNodes::<T>::mutate(operator, |nodes| {
		*nodes = BoundedVec::truncate_from(nodes.iter().copied().chain([id]).collect());
	});
	Nodes::<T>::insert(id, node);
	Epoch::<T>::put(EPOCH);
	id
}

/// An operator that has bonded and has so many nodes; the last of them.
fn operator_with_nodes<T: Config>(operator: &T::AccountId, nodes: u32, seed: u32) -> NodeId {
	T::BenchmarkHelper::bond(operator);
	let mut last = NodeId::default();
	for index in 0..nodes {
		last = store_node::<T>(operator, &account("worker", index, seed), |_| {});
	}
	// The bond covers it.
	let all = ComputeUnits(CAPACITY.0 * u64::from(nodes));
	let _ = T::Stakes::change_pledge(operator, (ComputeUnits(0), all), &T::Network::parameters());
	last
}

/// Who signs the calls, with as many nodes as it may have; the last of them.
fn caller_with_nodes<T: Config>() -> (T::AccountId, NodeId) {
	let caller: T::AccountId = whitelisted_caller();
	let node = operator_with_nodes::<T>(&caller, T::MaxNodesPerOperator::get(), 0);
	(caller, node)
}

fn change_node<T: Config>(id: NodeId, change: impl FnOnce(&mut NodeOf<T>)) {
	Nodes::<T>::mutate(id, |stored| {
		if let Some(node) = stored {
			change(node);
		}
	});
}

fn stored<T: Config>(id: NodeId) -> Result<NodeOf<T>, BenchmarkError> {
	Nodes::<T>::get(id).ok_or(BenchmarkError::Stop("the node is gone"))
}

/// A snapshot's member with limits.
fn member(node: NodeId, cumulative: u64) -> PoolMember {
	PoolMember {
		node,
		cumulative,
		limits: Some(limits()),
		steady: true,
	}
}

impl<T: Config> Pallet<T> {
	/// For benchmarks of other pallets: a node, with the longest record but for its models, that is the
	/// only one in a model's pool. One that gives up its last model takes the model's records with it.
	pub fn benchmark_node(
		model: ModelRef,
		operator: &T::AccountId,
		worker: &T::AccountId,
	) -> NodeId {
		let id = store_node::<T>(operator, worker, |node| {
			node.models = BoundedVec::truncate_from(alloc::vec![model]);
			node.next_models = BoundedVec::truncate_from(alloc::vec![model]);
			node.limits = BoundedVec::truncate_from(alloc::vec![(model, limits())]);
		});
		Members::<T>::insert(model, BoundedVec::truncate_from(alloc::vec![id]));
		let pool = alloc::vec![member(id, CAPACITY.0)];
		Pools::<T>::insert(model, BoundedVec::truncate_from(pool));
		let offer = PoolOffer {
			reach: Balance::MAX,
			least: limits().multiplier,
			going: limits().multiplier,
			crowded: limits().multiplier,
		};
		PoolOffers::<T>::insert(model, offer);
		id
	}
}

/// A worker and its consent to work for the operator, who has used one before.
fn consenting<T: Config>(operator: &T::AccountId) -> (T::AccountId, T::WorkerSignature) {
	let worker = T::BenchmarkHelper::worker(7);
	UsedConsents::<T>::insert(operator, 1);
	let genesis = frame_system::Pallet::<T>::block_hash(
		frame_system::pallet_prelude::BlockNumberFor::<T>::from(0u32),
	);
	let message = WorkerConsent {
		genesis: GenesisHash(genesis.to_fixed_bytes()),
		operator,
		used: 1,
	}
	.message();
	let consent = T::BenchmarkHelper::sign(&worker, &message);
	(worker, consent)
}

/// A workload of [`MODEL`], after as many operators as possible have failed it.
fn request<'a, T: Config>(
	submitter: &'a T::AccountId,
	excluded: &'a [T::AccountId],
) -> DrawRequest<'a, T::AccountId> {
	DrawRequest {
		model: MODEL,
		submitter,
		seed: [7; 32],
		excluded,
		compute_units: ComputeUnits(1),
		bid: Bid {
			work: UNIT,
			most: Balance::MAX,
			on_top: UNIT,
			stake: StakeTerms {
				multiple: 1_500,
				least: UNIT,
				value_at_risk: 0,
			},
		},
		mode: Mode::Immediate,
		proving_backlog: Ticks(u32::MAX),
		latest: Tick(u32::MAX),
	}
}

/// Operators that failed a workload, as many as it remembers.
fn excluded<T: Config>() -> alloc::vec::Vec<T::AccountId> {
	let most = u32::from(ProtocolParameters::MAX_REDRAWS) + 1;
	(0..most).map(|index| account("failed", index, 0)).collect()
}

/// Stores a pool of [`MODEL`] with so many members, each of an operator of its own, after a first snapshot,
/// so that nothing changes by itself; then changes each member.
fn store_pool<T: Config>(members: u32, change: impl Fn(&mut NodeOf<T>)) -> ProtocolParameters {
	T::BenchmarkHelper::model(MODEL);
	let members: alloc::vec::Vec<NodeId> = (0..members)
		.map(|index| {
			let operator = account("operator", index, 0);
			operator_with_nodes::<T>(&operator, 1, index)
		})
		.collect();
	Members::<T>::insert(MODEL, BoundedVec::truncate_from(members.clone()));
	let parameters = T::Network::parameters();
	Pallet::<T>::take_snapshot(MODEL, EPOCH, &parameters);
	for id in members {
		change_node::<T>(id, &change);
	}
	parameters
}

/// What a node adds to the total pledge is of the epoch before.
fn count_anew<T: Config>(node: &mut NodeOf<T>) {
	node.counted = Counted {
		epoch: EPOCH - 1,
		units: ComputeUnits(1),
	};
}

#[benchmarks]
mod benches {
	use super::*;

	/// The last node that the operator may have.
	#[benchmark]
	fn register_node() -> Result<(), BenchmarkError> {
		let operator: T::AccountId = whitelisted_caller();
		operator_with_nodes::<T>(&operator, T::MaxNodesPerOperator::get() - 1, 0);
		let (worker, consent) = consenting::<T>(&operator);
		let id = NextNodeId::<T>::get();
		#[extrinsic_call]
		_(
			RawOrigin::Signed(operator),
			worker.clone(),
			CAPACITY,
			consent,
		);
		assert_eq!(stored::<T>(id)?.worker, worker);
		Ok(())
	}

	/// A lower one, which acts at once.
	#[benchmark]
	fn set_capacity() -> Result<(), BenchmarkError> {
		let (operator, node) = caller_with_nodes::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(operator), node, ComputeUnits(1));
		assert_eq!(stored::<T>(node)?.counted.units, ComputeUnits(1));
		Ok(())
	}

	/// The last model that the node may serve, and the last node in the model's pool.
	#[benchmark]
	fn join_model() -> Result<(), BenchmarkError> {
		let (operator, node) = caller_with_nodes::<T>();
		T::BenchmarkHelper::model(MODEL);
		change_node::<T>(node, |node| {
			node.next_models.pop();
		});
		let others = (1..T::MaxPoolNodes::get()).map(|id| NodeId(u32::MAX - id));
		Members::<T>::insert(MODEL, BoundedVec::truncate_from(others.collect()));
		#[extrinsic_call]
		_(RawOrigin::Signed(operator), node, MODEL);
		assert_eq!(
			Members::<T>::get(MODEL).len(),
			T::MaxPoolNodes::get() as usize
		);
		Ok(())
	}

	/// The node's only model, whose only member it is: four more records change than if there were
	/// others.
	#[benchmark]
	fn leave_model() -> Result<(), BenchmarkError> {
		let operator: T::AccountId = whitelisted_caller();
		let node = Pallet::<T>::benchmark_node(MODEL, &operator, &account("worker", 0, 0));
		#[extrinsic_call]
		_(RawOrigin::Signed(operator), node, MODEL);
		assert!(!Members::<T>::contains_key(MODEL) && !Pools::<T>::contains_key(MODEL));
		assert_eq!(TotalPledge::<T>::get(), ComputeUnits::ZERO);
		Ok(())
	}

	/// A node that missed a deadline lately.
	#[benchmark]
	fn deregister_node() -> Result<(), BenchmarkError> {
		let (operator, id) = caller_with_nodes::<T>();
		change_node::<T>(id, |node| {
			node.models = Default::default();
			node.next_models = Default::default();
			node.limits = Default::default();
			node.counted = Default::default();
		});
		let miss = CountedMiss {
			at: Tick(0),
			slot: 0,
			pledge: CAPACITY,
		};
		LastMisses::<T>::insert(id, miss);
		#[extrinsic_call]
		_(RawOrigin::Signed(operator), id);
		assert!(!Nodes::<T>::contains_key(id) && !LastMisses::<T>::contains_key(id));
		Ok(())
	}

	#[benchmark]
	fn set_worker() -> Result<(), BenchmarkError> {
		let (operator, node) = caller_with_nodes::<T>();
		let (worker, consent) = consenting::<T>(&operator);
		#[extrinsic_call]
		_(RawOrigin::Signed(operator), node, worker.clone(), consent);
		assert_eq!(stored::<T>(node)?.worker, worker);
		Ok(())
	}

	#[benchmark]
	fn pause() -> Result<(), BenchmarkError> {
		let (operator, node) = caller_with_nodes::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(operator), node);
		assert_eq!(stored::<T>(node)?.standing, Standing::Paused);
		Ok(())
	}

	#[benchmark]
	fn resume() -> Result<(), BenchmarkError> {
		let (operator, node) = caller_with_nodes::<T>();
		change_node::<T>(node, |node| node.standing = Standing::Paused);
		#[extrinsic_call]
		_(RawOrigin::Signed(operator), node);
		assert_eq!(stored::<T>(node)?.standing, Standing::Resuming(EPOCH));
		Ok(())
	}

	/// The last model for which the node may have limits.
	#[benchmark]
	fn set_limits() -> Result<(), BenchmarkError> {
		let (operator, node) = caller_with_nodes::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(operator), node, MODEL, Some(limits()));
		assert_eq!(stored::<T>(node)?.limits_for(MODEL), Some(limits()));
		Ok(())
	}

	/// A block in which nothing is due.
	#[benchmark]
	fn on_initialize() {
		EpochStart::<T>::put(1);
		#[block]
		{
			Pallet::<T>::on_initialize(1u32.into());
		}
		assert_eq!(Epoch::<T>::get(), 0);
	}

	/// A new epoch, without its snapshots.
	#[benchmark]
	fn start_epoch() {
		let length = T::Network::parameters().node_epoch;
		#[block]
		{
			Pallet::<T>::on_initialize(length.into());
		}
		assert_eq!(Epoch::<T>::get(), 1);
	}

	/// The snapshot of a pool of `u` members whose records stay.
	#[benchmark]
	fn snapshot(u: Linear<0, { T::MaxPoolNodes::get() }>) {
		let parameters = store_pool::<T>(u, |_| {});
		let taken;
		#[block]
		{
			let _ = Members::<T>::iter_keys().next();
			taken = Pallet::<T>::take_snapshot(MODEL, EPOCH, &parameters);
		}
		assert_eq!((taken.members, taken.changed, taken.lowered), (u, 0, 0));
	}

	/// The snapshot of a pool of `c` members whose records change.
	#[benchmark]
	fn snapshot_changed(c: Linear<0, { T::MaxPoolNodes::get() }>) {
		let parameters = store_pool::<T>(c, count_anew::<T>);
		let taken;
		#[block]
		{
			let _ = Members::<T>::iter_keys().next();
			taken = Pallet::<T>::take_snapshot(MODEL, EPOCH, &parameters);
		}
		assert_eq!((taken.members, taken.changed, taken.lowered), (c, c, 0));
	}

	/// The snapshot of a pool of `l` members whose pledges fall, each of an operator of its own. A quarter of
	/// a pool, as it takes long to set up.
	#[benchmark]
	fn snapshot_lowered(l: Linear<0, { T::MaxPoolNodes::get() / 4 }>) {
		let parameters = store_pool::<T>(l, |node| {
			count_anew::<T>(node);
			node.next_capacity = ComputeUnits(CAPACITY.0 - 1);
		});
		let taken;
		#[block]
		{
			let _ = Members::<T>::iter_keys().next();
			taken = Pallet::<T>::take_snapshot(MODEL, EPOCH, &parameters);
		}
		assert_eq!((taken.members, taken.changed, taken.lowered), (l, l, l));
	}

	/// The reading of a full pool, whose members all have limits.
	#[benchmark]
	fn open_pool() {
		let members = (0..T::MaxPoolNodes::get()).map(|id| member(NodeId(id), id.into()));
		Pools::<T>::insert(MODEL, BoundedVec::truncate_from(members.collect()));
		let mut draws = Draws::<T>::begin();
		#[block]
		{
			draws.open(MODEL);
		}
		assert_eq!(draws.members().len(), T::MaxPoolNodes::get() as usize);
	}

	/// A draw from a full pool, which is open, that tries `c` candidates, each of which passes every check
	/// but for its operator's stake, which is in use.
	#[benchmark]
	fn draw(c: Linear<1, MAX_CANDIDATES>) -> Result<(), BenchmarkError> {
		const TOTAL: u64 = 1 << 40;
		let c = c.min(T::MaxPoolNodes::get());
		let submitter = account("submitter", 0, 0);
		let excluded = excluded::<T>();
		let request = request::<T>(&submitter, &excluded);
		// The samples, so that the weights can be chosen to let the first candidates have them all.
		let mut samples: alloc::vec::Vec<u64> = (0..MAX_CANDIDATES)
			.filter_map(|index| Pallet::<T>::sample(TOTAL, request.seed, index))
			.filter_map(|sample| u64::try_from(sample).ok())
			.collect();
		samples.sort_unstable();
		let others = u64::from(T::MaxPoolNodes::get() - c);
		let bounds = samples.iter().map(|sample| sample + 1).take(c as usize - 1);
		let bounds = bounds.chain(TOTAL - others..=TOTAL);
		let pool = (0u32..).zip(bounds).map(|(index, cumulative)| {
			if index >= c {
				return member(NodeId(u32::MAX - index), cumulative);
			}
			let operator = account("operator", index, 0);
			let node = operator_with_nodes::<T>(&operator, 1, index);
			// The pallet of stakes takes what it says is free.
			let _ = T::Stakes::lock(
				&operator,
				T::Stakes::free_stake(&operator),
				&T::Network::parameters(),
			);
			member(node, cumulative)
		});
		Pools::<T>::insert(MODEL, BoundedVec::truncate_from(pool.collect()));
		let mut draws = Draws::<T>::begin();
		draws.open(MODEL);
		let (drawn, weight);
		#[block]
		{
			(drawn, weight) = Pallet::<T>::draw_next(&mut draws, &request);
		}
		assert_eq!(drawn, Drawn::Busy);
		assert_eq!(weight, T::WeightInfo::draw(c));
		Ok(())
	}

	/// The last step of a draw that finds a node, the first of its block that finds this one: with the
	/// checks, capacity and stake are reserved.
	#[benchmark]
	fn reserve() -> Result<(), BenchmarkError> {
		let operator = account("operator", 0, 0);
		let node = operator_with_nodes::<T>(&operator, 1, 0);
		let submitter = account("submitter", 0, 0);
		let excluded = excluded::<T>();
		let request = request::<T>(&submitter, &excluded);
		let draws = Draws::<T>::begin();
		let drawn;
		#[block]
		{
			drawn = Pallet::<T>::try_assign(member(node, 1), &request, &draws.shared);
		}
		assert!(matches!(drawn, Drawn::Assigned(_)));
		Ok(())
	}

	/// The last step of a further draw of a block that finds the same node. The records that it writes are
	/// written once in a block, and were counted with the first.
	#[benchmark]
	fn reserve_again() -> Result<(), BenchmarkError> {
		let operator = account("operator", 0, 0);
		let node = operator_with_nodes::<T>(&operator, 1, 0);
		let submitter = account("submitter", 0, 0);
		let excluded = excluded::<T>();
		let request = request::<T>(&submitter, &excluded);
		let draws = Draws::<T>::begin();
		let first = Pallet::<T>::try_assign(member(node, 1), &request, &draws.shared);
		assert!(matches!(first, Drawn::Assigned(_)));
		add_to_whitelist(Nodes::<T>::hashed_key_for(node).into());
		add_to_whitelist(T::BenchmarkHelper::ledger_key(&operator).into());
		let drawn;
		#[block]
		{
			drawn = Pallet::<T>::try_assign(member(node, 1), &request, &draws.shared);
		}
		assert!(matches!(drawn, Drawn::Assigned(_)));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
