//! Node epochs: when they begin, and the snapshots of pools that the draw uses in them.

use super::*;
use frame_support::{
	traits::{Defensive, Get},
	weights::Weight,
	BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;
use inference_primitives::{
	node::Standing,
	price::{Bid, StakeTerms},
	traits::{Backing, NodeLoad},
	PriceMultiplier, ProtocolParameters,
};
use sp_runtime::{
	helpers_128bit::multiply_by_rational_with_rounding, traits::UniqueSaturatedInto, Rounding,
};

/// The price that orders must pay is one at which this part of a pool's weight serves: its reciprocal.
const GOING_PART: u64 = 16;

/// The price that orders must pay when many wait is one at which this part serves: its reciprocal.
const CROWDED_PART: u64 = 2;

/// What a pool costs of a block's `MaxSnapshotMembers` on top of its members.
const POOL_COST: u32 = 4;

impl<T: Config> Pallet<T> {
	/// Begins a new epoch when the present one has had its blocks, and takes snapshots that are due.
	pub(crate) fn maybe_start_epoch(n: BlockNumberFor<T>) -> Weight {
		let now: BlockNumber = n.unique_saturated_into();
		let length = T::Network::parameters().node_epoch;
		if now.saturating_sub(EpochStart::<T>::get()) < length {
			return match SnapshotsDue::<T>::get() {
				None => T::WeightInfo::on_initialize(),
				// No more than the epoch's first block takes besides its snapshots.
				Some(due) => T::WeightInfo::start_epoch().saturating_add(Self::take_snapshots(due)),
			};
		}
		EpochStart::<T>::put(now);
		let epoch = Epoch::<T>::mutate(|epoch| {
			*epoch = epoch.saturating_add(1);
			*epoch
		});
		// What the last epoch had no time for comes first, and then the others: so each pool has its turn,
		// however many there are.
		let after = SnapshotsDue::<T>::get().and_then(|due| due.after);
		let due = DueSnapshots {
			after,
			until: after,
		};
		let weight = T::WeightInfo::start_epoch().saturating_add(Self::take_snapshots(due));
		Self::deposit_event(Event::EpochStarted {
			epoch,
			total_pledge: TotalPledge::<T>::get(),
		});
		weight
	}

	/// Weight of the hook of a block at most: a new epoch, of whose snapshots this block takes as many
	/// as it may, each of members whose pledges fall.
	pub fn max_hook_weight() -> Weight {
		let (budget, most) = (T::MaxSnapshotMembers::get(), T::MaxPoolNodes::get());
		let pool = |members: u32| {
			let taken = Taken {
				members,
				changed: members,
				lowered: members,
			};
			taken.weight::<T>()
		};
		// Large pools that use the budget, or the smallest; then one more, begun when it is all but used.
		let large = budget / POOL_COST.saturating_add(most);
		let large = pool(budget).saturating_add(pool(0).saturating_mul(large.into()));
		let small = budget.div_ceil(POOL_COST.saturating_add(1));
		let small = pool(1).saturating_mul(small.into());
		T::WeightInfo::start_epoch()
			.saturating_add(Self::way_weight())
			.saturating_add(large.max(small))
			.saturating_add(pool(most))
	}

	/// Blocks until the next epoch begins.
	pub fn blocks_to_next_epoch(now: BlockNumber) -> u32 {
		EpochStart::<T>::get()
			.saturating_add(T::Network::parameters().node_epoch)
			.saturating_sub(now)
	}

	/// What a block reads at most to find its way, besides the pools: where the last block ended, and the
	/// first pool behind the last one.
	fn way_weight() -> Weight {
		T::DbWeight::get().reads(2)
	}

	/// Takes snapshots that are due in this epoch, of pools with `MaxSnapshotMembers` members
	/// together, and one more pool's at most. A network of fewer is done in the epoch's first block;
	/// a pool whose turn comes later is drawn from by its last snapshot until then.
	fn take_snapshots(due: DueSnapshots) -> Weight {
		let mut weight = Self::way_weight();
		let epoch = Epoch::<T>::get();
		let parameters = T::Network::parameters();
		let DueSnapshots { after, until } = due;
		let mut models = match after {
			None => Members::<T>::iter_keys(),
			Some(model) => Members::<T>::iter_keys_from(Members::<T>::hashed_key_for(model)),
		};
		let last = until.map(Members::<T>::hashed_key_for);
		// Whether it goes on at the first pool already.
		let mut wrapped = match (after.map(Members::<T>::hashed_key_for), &last) {
			(after, Some(last)) => after.is_none_or(|after| after < *last),
			(_, None) => true,
		};
		let mut budget = T::MaxSnapshotMembers::get();
		loop {
			let mut next = models.next();
			if next.is_none() && !wrapped {
				wrapped = true;
				models = Members::<T>::iter_keys();
				next = models.next();
			}
			let is_beyond = |model: &ModelRef| {
				wrapped
					&& last
						.as_ref()
						.is_some_and(|last| Members::<T>::hashed_key_for(model) > *last)
			};
			let Some(model) = next.filter(|model| !is_beyond(model)) else {
				SnapshotsDue::<T>::kill();
				break;
			};
			let taken = Self::take_snapshot(model, epoch, &parameters);
			weight.saturating_accrue(taken.weight::<T>());
			budget = budget.saturating_sub(taken.members.saturating_add(POOL_COST));
			if budget == 0 {
				let is_last = wrapped && until == Some(model);
				SnapshotsDue::<T>::set((!is_last).then_some(DueSnapshots {
					after: Some(model),
					until,
				}));
				break;
			}
		}
		weight
	}

	/// Takes a pool's snapshot: its members with the weight that their stake can really serve, those that
	/// ask least first, so that a draw samples from those that its bid pays and from no others. Among those
	/// that ask the same, who joined first comes first.
	pub(crate) fn take_snapshot(
		model: ModelRef,
		epoch: u32,
		parameters: &ProtocolParameters,
	) -> Taken {
		let demand = Demand::of::<T>(model, parameters);
		let members = Members::<T>::get(model);
		let mut pool = alloc::vec::Vec::with_capacity(members.len());
		let mut reach = 0;
		let mut taken = Taken {
			// Saturating: bounded by the pool's size.
			members: u32::try_from(members.len()).unwrap_or(u32::MAX),
			changed: 0,
			lowered: 0,
		};
		for id in members.iter().copied() {
			let Some(stored) = Nodes::<T>::get(id).defensive_proof("a member exists; qed") else {
				continue;
			};
			let mut node = stored.clone();
			node.take_up(epoch);
			let lowered = node.lower();
			let backing = T::Stakes::backing(&node.operator, parameters);
			// What was joined in this epoch waits for the next one.
			let waits = node.changed_in >= epoch && !node.models.contains(&model);
			let steady = stored.standing == Standing::Active && stored.models.contains(&model);
			let limits = node.limits_for(model);
			let multiplier = Limits::multiplier_of(limits);
			let served = match &demand {
				Some(demand)
					if !waits && node.standing.serves(epoch) && demand.is_within(limits) =>
				{
					demand.served(node.usable, backing, multiplier)
				},
				_ => ComputeUnits::ZERO,
			};
			node.models.retain(|other| *other != model);
			if served > ComputeUnits::ZERO {
				reach = backing.reach.max(reach);
				pool.push(PoolMember {
					node: id,
					// Its own weight until all are in order.
					cumulative: multiplier.weight(served),
					limits,
					steady,
				});
				let _ = node
					.models
					.try_push(model)
					.defensive_proof("as many as joined at most; qed");
			}
			let counted = if node.counted.epoch == epoch {
				node.counted.units.max(served)
			} else {
				served
			};
			Self::count(&mut node, counted);
			node.counted.epoch = epoch;
			if node != stored {
				taken.changed = taken.changed.saturating_add(1);
				let change = (stored.pledge(), node.pledge());
				Nodes::<T>::insert(id, node);
				if lowered {
					taken.lowered = taken.lowered.saturating_add(1);
					let _ = T::Stakes::change_pledge(&stored.operator, change, parameters)
						.defensive_proof("a falling pledge is covered; qed");
				}
			}
		}
		pool.sort_by_key(PoolMember::multiplier);
		let mut cumulative = 0u64;
		for member in &mut pool {
			// Saturating: each capacity is covered by a bond, so sums stay far below the bound.
			cumulative = cumulative.saturating_add(member.cumulative);
			member.cumulative = cumulative;
		}
		match Self::offer_of(&pool, reach) {
			Some(offer) => {
				// As many as members at most, so none is left out.
				let pool = BoundedVec::<_, T::MaxPoolNodes>::truncate_from(pool);
				Pools::<T>::insert(model, pool);
				PoolOffers::<T>::insert(model, offer);
			},
			None => Self::drop_snapshot(model),
		}
		taken
	}

	/// What the nodes of a snapshot offer, of which one has this reach and none more. Prices are those of
	/// the steady ones, if there are any. `None` if there are none at all.
	pub(crate) fn offer_of(pool: &[PoolMember], reach: Balance) -> Option<PoolOffer> {
		let any_steady = pool.iter().any(|member| member.steady);
		let (mut before, mut weight) = (0u64, 0u64);
		// What each asks that counts, with the weight of those that ask no more.
		let asked: alloc::vec::Vec<_> = pool
			.iter()
			.filter_map(|member| {
				// Saturating: cumulative weights ascend, and these are parts of the last.
				let own = member.cumulative.saturating_sub(before);
				before = member.cumulative;
				if any_steady && !member.steady {
					return None;
				}
				weight = weight.saturating_add(own);
				Some((weight, member.multiplier()))
			})
			.collect();
		let asked_by = |part: u64| {
			let enough = weight.div_ceil(part);
			let position = asked.partition_point(|(weight, _)| *weight < enough);
			asked.get(position).map(|(_, multiplier)| *multiplier)
		};
		Some(PoolOffer {
			reach,
			least: pool.first()?.multiplier(),
			going: asked_by(GOING_PART)?,
			crowded: asked_by(CROWDED_PART)?,
		})
	}

	/// Removes a pool's snapshot.
	pub(crate) fn drop_snapshot(model: ModelRef) {
		Pools::<T>::remove(model);
		PoolOffers::<T>::remove(model);
	}

	/// Sets what a node adds to the total pledge.
	pub(crate) fn count(node: &mut NodeOf<T>, units: ComputeUnits) {
		if node.counted.units != units {
			// Saturating: the total is the sum of what all nodes add, this one's included.
			TotalPledge::<T>::mutate(|total| {
				total.0 = total
					.0
					.saturating_sub(node.counted.units.0)
					.saturating_add(units.0);
			});
			node.counted.units = units;
		}
	}
}

/// What the snapshot of a pool took.
pub(crate) struct Taken {
	/// Members of the model.
	pub members: u32,
	/// Those whose records changed.
	pub changed: u32,
	/// Those of them whose pledges fell.
	pub lowered: u32,
}

impl Taken {
	/// What it took: of each kind of members as much as a pool of only such, so with the pool's own part once
	/// for each kind.
	fn weight<T: Config>(&self) -> Weight {
		// Saturating: each is a part of the one before.
		let stayed = T::WeightInfo::snapshot(self.members.saturating_sub(self.changed));
		let changed = match self.changed.saturating_sub(self.lowered) {
			0 => Weight::zero(),
			count => T::WeightInfo::snapshot_changed(count),
		};
		let lowered = match self.lowered {
			0 => Weight::zero(),
			count => T::WeightInfo::snapshot_lowered(count),
		};
		stayed.saturating_add(changed).saturating_add(lowered)
	}
}

/// What a model's workloads ask of the stake behind a node.
struct Demand {
	/// One workload at the price floor, with nothing at risk.
	least: Bid,
	/// One workload at the present base price, with nothing at risk.
	present: Bid,
	/// Compute units of one workload.
	compute_units: ComputeUnits,
	/// How much work a node must be able to take on.
	bounds: Bounds,
}

impl Demand {
	/// `None` if there is no such model, or the parameters overflow.
	fn of<T: Config>(model: ModelRef, parameters: &ProtocolParameters) -> Option<Self> {
		let view = T::Models::model(model)?;
		let outputs = u32::try_from(view.output.len()).unwrap_or(u32::MAX);
		let fee = T::Orders::verification_fee(view.vk_hash, outputs);
		let on_top = view.royalty.checked_add(fee)?;
		let values = u32::try_from(view.input.len()).unwrap_or(u32::MAX);
		let stake = StakeTerms {
			multiple: parameters.proof_stake,
			least: T::Orders::least_proof_stake(values),
			value_at_risk: 0,
		};
		let bid = |work| Bid {
			work,
			most: Balance::MAX,
			on_top,
			stake,
		};
		let floor = Balance::from(view.compute_units.0).checked_mul(parameters.price_floor)?;
		Some(Self {
			least: bid(floor),
			present: bid(T::Orders::work_price(view.compute_units)),
			compute_units: view.compute_units,
			bounds: Bounds {
				backlog: parameters.backlog_bound,
				proving: parameters.proving_backlog,
			},
		})
	}

	/// Whether a workload at the node's present price and with nothing at risk keeps its limits. One whose
	/// limits keep everything out has no weight: it would only be drawn in vain.
	fn is_within(&self, limits: Option<Limits>) -> bool {
		limits.is_none_or(|limits| {
			self.present
				.quote(limits.multiplier)
				.is_some_and(|quote| limits.admit(0, quote.proof_stake, quote.work_price))
		})
	}

	/// What a node of this capacity can serve, compute units per block: all of it if the operator's stake
	/// can cover the backlog that the operator pledged, in proportion otherwise, and nothing if it cannot
	/// cover one workload, or one does not fit the node's backlog: it would only be drawn in vain, and its
	/// price would be one at which nobody serves. The stake is that of the price that the node asks, so who
	/// asks more must have more of it. Rounded down, but to one at least.
	fn served(
		&self,
		capacity: ComputeUnits,
		backing: Backing,
		multiplier: PriceMultiplier,
	) -> ComputeUnits {
		let Some(quote) = self.least.quote(multiplier) else {
			return ComputeUnits::ZERO;
		};
		let stake = quote.proof_stake;
		let one = NodeLoad {
			outstanding: self.compute_units,
			proving: ComputeUnits::ZERO,
		};
		if capacity == ComputeUnits::ZERO
			|| !self.bounds.allow(one, capacity)
			|| backing.reach == 0
			|| backing.reach < stake
		{
			return ComputeUnits::ZERO;
		}
		// Saturating: a need beyond the bound is one that nobody covers.
		let needed = stake
			.saturating_mul(Balance::from(backing.pledge.0))
			.saturating_mul(Balance::from(self.bounds.backlog.0))
			/ Balance::from(self.compute_units.0.max(1));
		if backing.reach >= needed {
			return capacity;
		}
		let part = multiply_by_rational_with_rounding(
			capacity.0.into(),
			backing.reach,
			needed,
			Rounding::Down,
		);
		let part = part.and_then(|part| u64::try_from(part).ok());
		ComputeUnits(part.unwrap_or(capacity.0).clamp(1, capacity.0))
	}
}
