//! The draw (docs/PROTOCOL.md, section 2) and what becomes of what it reserved.

use super::*;
use crate::draws::Shared;
use frame_support::{traits::Defensive, weights::Weight};
use inference_primitives::{
	hashing::tagged_hash,
	node::Standing,
	price::Bid,
	traits::{Assignment, DrawRequest, Drawn, NodeLoad, NodePool, RecentMisses},
	Hash, Mode, Tick, Ticks,
};

impl<T: Config> Pallet<T> {
	/// The members that a draw samples from: those whose price is within the bid, which come first. What
	/// the others weigh is no part of its total, so that no order is tried on nodes that it cannot pay.
	pub(crate) fn within_bid<'a>(pool: &'a [PoolMember], bid: &Bid) -> &'a [PoolMember] {
		// Who asks no more than one that is within the bid is, too.
		let most = pool.partition_point(|member| bid.quote(member.multiplier()).is_some());
		pool.get(..most).unwrap_or_default()
	}

	/// The candidate that the seed's `index`-th sample names: a number below the members' total
	/// weight, found in the cumulative weights. The modulo's bias is below 2^-64.
	pub(crate) fn candidate(pool: &[PoolMember], seed: Hash, index: u32) -> Option<PoolMember> {
		let sample = Self::sample(pool.last()?.cumulative, seed, index)?;
		let position = pool.partition_point(|member| u128::from(member.cumulative) <= sample);
		pool.get(position).copied()
	}

	/// The seed's `index`-th number below `total`. `None` if there is none.
	pub(crate) fn sample(total: u64, seed: Hash, index: u32) -> Option<u128> {
		let digest = tagged_hash(b"inference-network/draw/v1", &(seed, index));
		let (low, _) = digest.split_first_chunk::<16>()?;
		u128::from_le_bytes(*low).checked_rem(u128::from(total))
	}

	/// Reserves capacity and stake if the node qualifies.
	pub(crate) fn try_assign(
		member: PoolMember,
		request: &DrawRequest<AccountIdOf<T>>,
		shared: &Shared,
	) -> Drawn<AccountIdOf<T>> {
		let (id, parameters) = (member.node, &shared.parameters);
		let Some(mut node) = Nodes::<T>::get(id) else {
			return Drawn::Busy;
		};
		node.take_up(shared.epoch);
		let multiplier = member.multiplier();
		let Some(quote) = request.bid.quote(multiplier) else {
			return Drawn::Unfit;
		};
		let admitted = member.limits.is_none_or(|limits| {
			let at_risk = request.bid.stake.value_at_risk;
			limits.admit(at_risk, quote.proof_stake, quote.work_price)
		});
		if !admitted {
			return Drawn::Unfit;
		}
		// It may have left, or been stopped, since the snapshot.
		if !node.models.contains(&request.model) || !node.standing.serves(shared.epoch) {
			return Drawn::Busy;
		}
		let own = node.operator == *request.submitter || node.worker == *request.submitter;
		if own || request.excluded.contains(&node.operator) {
			return Drawn::Unfit;
		}
		let capacity = node.usable;
		let bounds = Bounds {
			backlog: parameters.backlog_bound,
			proving: parameters.proving_backlog,
		};
		let pinned = Bounds {
			proving: request.proving_backlog,
			..bounds
		};
		let fits = |load: NodeLoad| bounds.allow(load, capacity) && pinned.allow(load, capacity);
		let backing = T::Stakes::backing(&node.operator, parameters);
		let alone = NodeLoad {
			outstanding: request.compute_units,
			proving: ComputeUnits::ZERO,
		};
		if backing.reach < quote.proof_stake || !fits(alone) {
			return Drawn::Unfit;
		}
		let Some(outstanding) = node.outstanding.checked_add(request.compute_units) else {
			return Drawn::Busy;
		};
		let load = NodeLoad {
			outstanding,
			..node.load()
		};
		let Some(due) = Self::due(load, capacity, request.mode, shared) else {
			return Drawn::Busy;
		};
		if !fits(load)
			|| due > request.latest
			|| T::Stakes::lock(&node.operator, quote.proof_stake, parameters).is_err()
		{
			return Drawn::Busy;
		}
		node.outstanding = outstanding;
		node.bounds = bounds;
		let assignment = Assignment {
			node: id,
			operator: node.operator.clone(),
			worker: node.worker.clone(),
			multiplier,
			quote,
			due,
		};
		Nodes::<T>::insert(id, node);
		Drawn::Assigned(assignment)
	}

	/// When the output is due that makes a node's load this. Outputs are computed in the order of
	/// assignment, so this one is there when all are; and so with proofs, of which those of
	/// delivered outputs come first. `None` if that is beyond all time.
	fn due(load: NodeLoad, capacity: ComputeUnits, mode: Mode, shared: &Shared) -> Option<Tick> {
		let ahead = match mode {
			Mode::Immediate => load.outstanding.checked_add(load.proving)?,
			Mode::Deferred => load.outstanding,
		};
		let computing = u32::try_from(ahead.0.div_ceil(capacity.0.max(1))).ok()?;
		let latency = shared.parameters.base_latency;
		Some(shared.now.after(latency).after(Ticks(computing)))
	}

	/// Changes what a node owes.
	fn change_load(id: NodeId, change: impl FnOnce(&mut NodeOf<T>)) {
		Nodes::<T>::mutate(id, |stored| {
			if let Some(node) = stored.as_mut().defensive_proof("a node in use stays; qed") {
				change(node);
			}
		});
	}

	/// Records a missed deadline or declined work; too many in one epoch suspend the node, but for those
	/// that are excused.
	fn record_miss(id: NodeId, node: &mut NodeOf<T>, excused: bool) {
		// Saturating: counts of deadlines cannot reach the bounds.
		node.missed = node.missed.saturating_add(1);
		if excused {
			return;
		}
		let epoch = Epoch::<T>::get();
		let recent = &mut node.epoch_misses;
		if recent.epoch != epoch {
			*recent = EpochMisses { epoch, count: 0 };
		}
		// Saturating: as above.
		recent.count = recent.count.saturating_add(1);
		let misses = recent.count;
		if misses >= T::Network::parameters().suspend_after && node.standing != Standing::Suspended
		{
			node.standing = Standing::Suspended;
			Self::count(node, ComputeUnits::ZERO);
			Self::deposit_event(Event::NodeSuspended { node: id, misses });
		}
	}

	/// Checks the pallet's invariants:
	/// - for each node, outstanding ≤ capacity × B and outstanding + proving ≤ capacity × P_B, with
	///   B and P_B as they were when the node was last given work: lower ones refuse new work, and
	///   leave what was given before;
	/// - each worker key belongs to the node that names it, each node to its operator's list;
	/// - what an operator pledges is the sum of its nodes' pledges, and who has no node pledges nothing;
	/// - the total pledge is the sum of what nodes count for, which is nothing for one that is paused,
	///   suspended or in no snapshot, and no more than its capacity otherwise;
	/// - a model's members are the nodes that joined it, each once;
	/// - a pool's cumulative weights ascend, and so does what its nodes ask; it has each node that says it is
	///   in it; these are members; its offer is what its nodes ask;
	/// - a multiplier that a node asks is one that it may ask.
	#[cfg(any(feature = "std", feature = "try-runtime"))]
	pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		use frame_support::ensure;
		let mut total = 0u64;
		let parameters = T::Network::parameters();
		for (operator, nodes) in OperatorNodes::<T>::iter() {
			let pledge = nodes
				.iter()
				.filter_map(Nodes::<T>::get)
				.try_fold(ComputeUnits::ZERO, |sum, node| {
					sum.checked_add(node.pledge())
				});
			ensure!(
				pledge == Some(T::Stakes::backing(&operator, &parameters).pledge),
				"an operator's pledge is not the sum of its nodes'"
			);
		}
		for who in frame_system::Account::<T>::iter_keys() {
			ensure!(
				OperatorNodes::<T>::contains_key(&who)
					|| T::Stakes::backing(&who, &parameters).pledge == ComputeUnits::ZERO,
				"an account without nodes pledges something"
			);
		}
		for (id, node) in Nodes::<T>::iter() {
			ensure!(
				node.bounds.allow(node.load(), node.capacity),
				"a node owes more than its bounds allow"
			);
			ensure!(
				WorkerNodes::<T>::get(&node.worker) == Some(id),
				"a worker key is not indexed"
			);
			ensure!(
				OperatorNodes::<T>::get(&node.operator).contains(&id),
				"a node is missing from its operator's list"
			);
			let counted = node.counted.units;
			total = total.saturating_add(counted.0);
			ensure!(
				counted <= node.pledge(),
				"a node counts for more than it pledges"
			);
			ensure!(
				node.usable <= node.capacity && node.usable <= node.next_capacity,
				"a node takes new work for more than its capacity"
			);
			let stopped = matches!(node.standing, Standing::Paused | Standing::Suspended);
			ensure!(
				counted == ComputeUnits::ZERO || !(stopped || node.models.is_empty()),
				"a node that serves nothing counts for something"
			);
			ensure!(
				node.limits
					.iter()
					.all(|(of, _)| node.next_models.contains(of)),
				"a node has limits for a model that it did not join"
			);
			ensure!(
				node.limits
					.iter()
					.all(|(_, limits)| limits.multiplier.is_in_range()),
				"a node asks a multiplier out of range"
			);
			for model in node.next_models.iter() {
				ensure!(
					Members::<T>::get(model)
						.iter()
						.filter(|member| **member == id)
						.count() == 1,
					"a node is not once a member of a model that it joined"
				);
			}
			for model in node.models.iter() {
				ensure!(
					node.next_models.contains(model)
						&& Pools::<T>::get(model)
							.iter()
							.any(|member| member.node == id),
					"a node is not in a pool that it says it is in"
				);
			}
		}
		ensure!(
			TotalPledge::<T>::get().0 == total,
			"the total pledge is not the sum of what nodes count for"
		);
		for (model, members) in Members::<T>::iter() {
			ensure!(!members.is_empty(), "an empty list of members is kept");
			for member in members {
				let joined =
					Nodes::<T>::get(member).is_some_and(|node| node.next_models.contains(&model));
				ensure!(joined, "a member did not join its model");
			}
		}
		ensure!(
			PoolOffers::<T>::iter_keys().all(Pools::<T>::contains_key),
			"an offer is of no pool"
		);
		for (model, pool) in Pools::<T>::iter() {
			let offer = PoolOffers::<T>::get(model).ok_or("a pool has no offer")?;
			ensure!(
				Self::offer_of(&pool, offer.reach) == Some(offer),
				"a pool's offer is not what its nodes ask"
			);
			ensure!(
				pool.is_sorted_by_key(PoolMember::multiplier),
				"a pool's nodes are not in the order of what they ask"
			);
			ensure!(Members::<T>::contains_key(model), "a pool has no members");
			let mut before = 0;
			for member in pool.iter() {
				ensure!(
					member.cumulative > before,
					"a pool's cumulative weights do not ascend"
				);
				before = member.cumulative;
			}
		}
		Ok(())
	}
}

/// Takes `compute_units` out of `reserved`.
fn free(reserved: &mut ComputeUnits, compute_units: ComputeUnits) {
	*reserved = reserved
		.checked_sub(compute_units)
		.defensive_proof("what is freed was reserved; qed")
		.unwrap_or_default();
}

impl<T: Config> NodePool<AccountIdOf<T>> for Pallet<T> {
	type Draws = Draws<T>;

	fn begin_draws() -> Self::Draws {
		Draws::begin()
	}

	fn draw_next(
		draws: &mut Self::Draws,
		request: &DrawRequest<AccountIdOf<T>>,
	) -> (Drawn<AccountIdOf<T>>, Weight) {
		let mut weight = draws.open(request.model);
		let payable = Self::within_bid(draws.members(), &request.bid);
		// Each node is tried once, however often it is sampled.
		let mut tried = alloc::vec::Vec::new();
		let mut found = Drawn::Unfit;
		for index in 0..MAX_CANDIDATES {
			let Some(member) = Self::candidate(payable, request.seed, index) else {
				break;
			};
			if tried.contains(&member.node) {
				continue;
			}
			tried.push(member.node);
			match Self::try_assign(member, request, &draws.shared) {
				Drawn::Unfit => {},
				Drawn::Busy => found = Drawn::Busy,
				Drawn::Assigned(assignment) => {
					found = Drawn::Assigned(assignment);
					break;
				},
			}
		}
		let candidates = u32::try_from(tried.len()).unwrap_or(u32::MAX);
		weight.saturating_accrue(T::WeightInfo::draw(candidates));
		if let Drawn::Assigned(assignment) = &found {
			weight.saturating_accrue(draws.note_reserved(assignment.node));
		}
		(found, weight)
	}

	fn deliver(id: NodeId, compute_units: ComputeUnits) {
		Self::change_load(id, |node| {
			free(&mut node.outstanding, compute_units);
			// Saturating: the draw checked the sum of what is outstanding and what is proven.
			node.proving.0 = node.proving.0.saturating_add(compute_units.0);
			// Saturating: a count of outputs cannot reach 2^64.
			node.delivered = node.delivered.saturating_add(1);
		});
	}

	fn settle(id: NodeId, compute_units: ComputeUnits) {
		Self::change_load(id, |node| free(&mut node.proving, compute_units));
	}

	fn count_miss(id: NodeId) {
		Pallet::<T>::count_miss(id);
	}

	fn miss(id: NodeId, compute_units: ComputeUnits, excused: bool) {
		Self::change_load(id, |node| {
			free(&mut node.outstanding, compute_units);
			Self::record_miss(id, node, excused);
		});
	}

	fn miss_proof(id: NodeId, compute_units: ComputeUnits, excused: bool) {
		Self::change_load(id, |node| {
			free(&mut node.proving, compute_units);
			Self::record_miss(id, node, excused);
		});
	}

	fn decline(id: NodeId, model: ModelRef, compute_units: ComputeUnits, excused: bool) {
		Self::change_load(id, |node| {
			let epoch = Epoch::<T>::get();
			node.take_up(epoch);
			free(&mut node.outstanding, compute_units);
			Self::record_miss(id, node, excused);
			if node.next_models.contains(&model) {
				Self::drop_out(id, node, model);
			}
			// Saturating: nobody sees the last epoch.
			node.changed_in = node.changed_in.max(epoch.saturating_add(1));
		});
	}

	fn release(id: NodeId, compute_units: ComputeUnits) {
		Self::change_load(id, |node| free(&mut node.outstanding, compute_units));
	}

	fn node_of(worker: &AccountIdOf<T>) -> Option<NodeId> {
		WorkerNodes::<T>::get(worker)
	}

	fn load(id: NodeId) -> Option<NodeLoad> {
		Nodes::<T>::get(id).map(|node| node.load())
	}

	fn total_pledge() -> ComputeUnits {
		TotalPledge::<T>::get()
	}

	fn recent_misses() -> RecentMisses {
		Self::misses_within_window()
	}

	fn offer(model: ModelRef) -> Option<PoolOffer> {
		PoolOffers::<T>::get(model)
	}

	fn max_draw_weight() -> Weight {
		T::WeightInfo::open_pool()
			.saturating_add(T::WeightInfo::draw(MAX_CANDIDATES))
			.saturating_add(T::WeightInfo::reserve())
	}
}
