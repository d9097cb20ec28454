//! The circuit breaker (docs/PROTOCOL.md, section 4): when a large part of the network misses deliveries
//! at once, the cause is hardly each operator's own, and slashing all of them at once would ruin the
//! honest.
//!
//! **Trip.** A missed delivery trips the breaker when, within the window, nodes with `breaker_share`
//! of the total pledge have missed deliveries, and at least [`LEAST_NODES`] of them: one large
//! operator that fails is no failure of the network. Both are what the operators' stakes cover.
//!
//! **While it is tripped** (`breaker_pause`), the slash for a missed delivery, that of the tripping one
//! included, is written down instead of taken, and as much of the bond is earmarked for it: neither new
//! proof stakes nor a withdrawal can hide it. No miss counts towards a suspension, nor does what is
//! declined, whose fee is taken at once all the same. No Deferred workload is accepted. Refunds, redraws and the forfeiture of proof stakes go on as always.
//!
//! **After that** what was written down is taken, a few in each block, unless governance has forgiven it
//! within the pause. A slash that was delayed is shared between user and treasury as if it had been
//! taken at once. The next trip is possible `breaker_cooldown` after the last one, so that nobody
//! keeps slashes away by keeping the breaker tripped.

use super::*;
#[cfg(any(feature = "std", feature = "try-runtime"))]
use alloc::collections::BTreeMap;
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{ensure, pallet_prelude::DispatchResult, traits::Defensive, weights::Weight};
use inference_primitives::parameters::Permille;
use scale_info::TypeInfo;

/// Least number of nodes whose misses trip the breaker.
pub const LEAST_NODES: u32 = 3;
/// Most slashes that wait. What comes beyond that is slashed at once.
pub const MAX_DELAYED: u32 = 4_096;
/// Delayed slashes that the hook deals with in a block.
pub(crate) const DELAYED_PER_BLOCK: u32 = 16;

/// The last trip, with the times in force then.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Trip {
	/// The last tick of the pause.
	pub until: Tick,
	/// The tick from which it can trip again.
	pub ready: Tick,
}

/// A slash that waits for the end of the pause.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct DelayedSlash<AccountId> {
	/// For which workload; it may have ended since.
	pub workload: WorkloadId,
	/// Who ordered it.
	pub submitter: AccountId,
	/// The node that missed the delivery.
	pub node: NodeId,
	/// Its operator, whose bond answers.
	pub operator: AccountId,
	/// The slash, planck.
	pub amount: Balance,
	/// The part of it for the user, planck.
	pub compensation: Balance,
	/// What of the bond is earmarked for it, planck: all of it, unless the bond was less.
	pub earmarked: Balance,
}

/// Which delayed slashes there are: numbers of [`DelayedSlashes`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct DelayedRange {
	/// The first that is still there.
	pub first: u32,
	/// The next one's number.
	pub next: u32,
	/// Those before this number are forgiven.
	pub forgiven: u32,
}

impl DelayedRange {
	/// How many there are.
	pub fn len(&self) -> u32 {
		self.next.saturating_sub(self.first)
	}

	/// Whether there are none.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}
}

impl<T: Config> Pallet<T> {
	/// Whether the breaker is tripped now.
	pub fn is_breaker_tripped() -> bool {
		Breaker::<T>::get().is_some_and(|trip| T::Network::now() <= trip.until)
	}

	/// Trips the breaker if enough of the network has missed deliveries. Whether it is tripped then.
	pub(crate) fn trip_breaker() -> bool {
		let now = T::Network::now();
		if let Some(trip) = Breaker::<T>::get().filter(|trip| now < trip.ready) {
			return now <= trip.until;
		}
		let parameters = T::Network::parameters();
		let misses = T::NodePool::recent_misses();
		let enough = misses.nodes >= LEAST_NODES
			&& reaches(
				misses.pledge,
				misses.whole.max(T::NodePool::total_pledge()),
				parameters.breaker_share,
			);
		if enough {
			let until = now.after(parameters.breaker_pause);
			Breaker::<T>::put(Trip {
				until,
				ready: now.after(parameters.breaker_cooldown),
			});
			Self::deposit_event(Event::BreakerTripped { until });
		}
		enough
	}

	/// Slashes the node that missed a delivery, or writes the slash down while the breaker is
	/// `tripped`. Returns what was slashed and the user's part of it.
	pub(crate) fn slash_missed_delivery(
		workload: &mut WorkloadOf<T>,
		assigned: &Assigned<AccountIdOf<T>>,
		amount: Balance,
		compensation: Balance,
		tripped: bool,
	) -> (Balance, Balance) {
		let delayed = tripped
			&& Self::delay(DelayedSlash {
				workload: workload.statement.workload,
				submitter: workload.submitter.clone(),
				node: assigned.node,
				operator: assigned.operator.clone(),
				amount,
				compensation,
				earmarked: 0,
			});
		if delayed {
			return (0, 0);
		}
		let slashed = T::Stakes::slash_bond(&assigned.operator, amount, &Self::account_id());
		let compensation = Self::share_slash(workload, slashed, compensation);
		(slashed, compensation)
	}

	/// Writes a slash down and earmarks the stake for it, if there is room.
	fn delay(mut slash: DelayedSlash<AccountIdOf<T>>) -> bool {
		let mut range = Delayed::<T>::get();
		let Some(next) = range.next.checked_add(1) else {
			return false;
		};
		if range.len() >= MAX_DELAYED {
			return false;
		}
		Self::deposit_event(Event::SlashDelayed {
			workload: slash.workload,
			node: slash.node,
			amount: slash.amount,
		});
		slash.earmarked = T::Stakes::earmark(&slash.operator, slash.amount);
		DelayedSlashes::<T>::insert(range.next, slash);
		range.next = next;
		Delayed::<T>::put(range);
		true
	}

	pub(crate) fn do_forgive() -> DispatchResult {
		ensure!(Self::is_breaker_tripped(), Error::<T>::NotTripped);
		Delayed::<T>::mutate(|range| range.forgiven = range.next);
		Self::deposit_event(Event::DelayedSlashesForgiven);
		Ok(())
	}

	/// Takes the slashes that the breaker delayed, once its pause is over, and drops the forgiven ones.
	pub(crate) fn settle_delayed() -> Weight {
		let mut range = Delayed::<T>::get();
		if range.is_empty() {
			return T::WeightInfo::settle_delayed(0);
		}
		let paused = Self::is_breaker_tripped();
		let mut dealt_with = 0u32;
		for _ in 0..DELAYED_PER_BLOCK {
			let forgiven = range.first < range.forgiven;
			if range.is_empty() || (paused && !forgiven) {
				break;
			}
			let slash = DelayedSlashes::<T>::take(range.first)
				.defensive_proof("a number in the range has a slash; qed");
			// Saturating: below `next`.
			range.first = range.first.saturating_add(1);
			dealt_with = dealt_with.saturating_add(1);
			let Some(slash) = slash else {
				continue;
			};
			T::Stakes::drop_earmark(&slash.operator, slash.earmarked);
			if !forgiven {
				Self::take_delayed(slash);
			}
		}
		if range.is_empty() {
			Delayed::<T>::kill();
		} else {
			Delayed::<T>::put(range);
		}
		T::WeightInfo::settle_delayed(dealt_with)
	}

	fn take_delayed(slash: DelayedSlash<AccountIdOf<T>>) {
		let slashed = T::Stakes::slash_bond(&slash.operator, slash.amount, &Self::account_id());
		let compensation = match Workloads::<T>::get(slash.workload) {
			Some(mut workload) => {
				let part = Self::share_slash(&mut workload, slashed, slash.compensation);
				Workloads::<T>::insert(slash.workload, workload);
				part
			},
			// Pruned meanwhile: its account is closed, the money is owed all the same.
			None => Self::credit_slash(&slash.submitter, slashed, slash.compensation),
		};
		Self::deposit_event(Event::DelayedSlashTaken {
			workload: slash.workload,
			node: slash.node,
			slashed,
			compensation,
		});
	}

	/// Checks that the delayed slashes are those of the range, and no more than may wait, that what is
	/// earmarked of their operators' bonds is for them, and that no other bond has anything earmarked: it
	/// would be nobody's to free.
	#[cfg(any(feature = "std", feature = "try-runtime"))]
	pub(crate) fn check_delayed() -> Result<(), sp_runtime::TryRuntimeError> {
		let range = Delayed::<T>::get();
		ensure!(range.len() <= MAX_DELAYED, "too many slashes wait");
		ensure!(
			range.first <= range.next && range.forgiven <= range.next,
			"the range of delayed slashes is reversed"
		);
		let mut count = 0u32;
		let mut earmarked: BTreeMap<AccountIdOf<T>, Balance> = BTreeMap::new();
		for (number, slash) in DelayedSlashes::<T>::iter() {
			ensure!(
				(range.first..range.next).contains(&number),
				"a delayed slash is outside the range"
			);
			ensure!(
				slash.earmarked <= slash.amount,
				"more is earmarked than the slash"
			);
			count = count.saturating_add(1);
			let sum = earmarked.entry(slash.operator).or_default();
			*sum = sum.saturating_add(slash.earmarked);
		}
		let mut all: Balance = 0;
		for (operator, sum) in earmarked {
			ensure!(
				T::Stakes::earmarked(&operator) == sum,
				"what is earmarked of a bond is not for its delayed slashes"
			);
			all = all.saturating_add(sum);
		}
		ensure!(
			T::Stakes::all_earmarked() == all,
			"stake is earmarked for no delayed slash"
		);
		ensure!(count == range.len(), "a delayed slash is missing");
		Ok(())
	}
}

/// Whether `part` is at least `share` of `whole`, of something.
fn reaches(part: ComputeUnits, whole: ComputeUnits, share: Permille) -> bool {
	let scaled = u128::from(whole.0).saturating_mul(u128::from(share));
	part.0 > 0 && u128::from(part.0).saturating_mul(1_000) >= scaled
}
