//! How far finality lags, as the authors of blocks see it (docs/PROTOCOL.md, principle 3).
//!
//! The runtime cannot see finality. Each author therefore reports, by an inherent, the latest block
//! that it has seen finalised, and the *lag* is the median over the authors of the last
//! [`WINDOW`] blocks, of each the newest report. An author's lag is counted at its own block: how
//! old a report is says nothing about finality.
//!
//! - Fewer lying authors than half of those in the window change nothing: the median lies between
//!   two honest reports. By chance a window can have more of them than the validators have: with a
//!   fifth of all validators lying, one window of eleven authors in a hundred.
//! - Therefore the clock that stands goes on standing until no window for [`WINDOW`] blocks had a
//!   lag beyond L_f. A clock that stands a while too long delays; one that ticks without finality
//!   slashes who is honest. Workers have these blocks to deliver what they see at last.
//! - Who reports nothing counts as seeing no lag: an author with an old node stops nothing.
//! - Reports of authors that make no blocks any more leave the window, so that validators that are
//!   gone, which is why finality stalls as a rule, do not vouch for it.

use super::*;
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{
	ensure, migrations::MultiStepMigrator, pallet_prelude::DispatchResult, traits::Get,
};
use frame_system::pallet_prelude::BlockNumberFor;
use scale_info::TypeInfo;
use sp_runtime::traits::UniqueSaturatedInto;

/// Blocks whose authors' reports count.
pub const WINDOW: u32 = ProtocolParameters::FINALITY_WINDOW;

/// What one author said in its newest block.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Report<AccountId> {
	/// Who made the block.
	pub author: AccountId,
	/// The block.
	pub block: BlockNumber,
	/// Blocks since the latest finalised one that the author knew.
	pub lag: BlockNumber,
}

impl<T: Config> Pallet<T> {
	/// Keeps what the present block's author reports until the block ends. Nothing after the parent
	/// can be finalised, so a higher number counts as the parent's.
	pub(crate) fn do_report(finalised: BlockNumber) -> DispatchResult {
		ensure!(!Reported::<T>::exists(), Error::<T>::AlreadyReported);
		let parent = Self::block_number().saturating_sub(1);
		Reported::<T>::put(finalised.min(parent));
		Ok(())
	}

	/// Adds the present block's report to the window, and holds the clock if finality lags.
	pub(crate) fn close_block() {
		let block = Self::block_number();
		let reported = Reported::<T>::take();
		// A chain whose blocks have no known author has no reports.
		let Some(author) = T::BlockAuthor::get() else {
			return;
		};
		// Saturating: a report is below the block's number.
		let lag = reported.map_or(0, |finalised| block.saturating_sub(finalised));
		let lag = FinalityReports::<T>::mutate(|reports| {
			reports.retain(|old| old.author != author && block.saturating_sub(old.block) < WINDOW);
			// One report a block, of as many blocks as the bound.
			if reports.try_push(Report { author, block, lag }).is_err() {
				frame_support::defensive!("the window has room for its last block's report; qed");
			}
			median(reports.iter().map(|report| report.lag))
		});
		if lag > Parameters::<T>::get().finality_lag {
			HeldUntil::<T>::put(block.saturating_add(WINDOW));
		}
	}

	/// Blocks by which finality lags, as the authors of the last blocks see it.
	pub fn finality_lag() -> BlockNumber {
		median(FinalityReports::<T>::get().iter().map(|report| report.lag))
	}

	pub(crate) fn block_number() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().unique_saturated_into()
	}

	/// Whether the clock must stand in block `n`.
	pub(crate) fn must_stand(n: BlockNumberFor<T>) -> bool {
		let block: BlockNumber = n.unique_saturated_into();
		HeldUntil::<T>::get() >= block
			|| T::MultiBlockMigrator::ongoing()
			|| T::HoldsClock::holds_clock()
	}

	/// Checks the reports: each of another author, of blocks that follow each other within the
	/// window.
	#[cfg(any(feature = "std", feature = "try-runtime"))]
	pub(crate) fn check_reports() -> Result<(), sp_runtime::TryRuntimeError> {
		let reports = FinalityReports::<T>::get();
		let newest = reports.last().map_or(0, |report| report.block);
		let mut authors = alloc::collections::BTreeSet::new();
		let mut before = None;
		for report in &reports {
			ensure!(
				authors.insert(report.author.clone()),
				"an author has two reports"
			);
			ensure!(before < Some(report.block), "reports are out of order");
			ensure!(
				newest.saturating_sub(report.block) < WINDOW,
				"a report is older than the window"
			);
			ensure!(
				report.lag <= report.block,
				"a report lags behind the genesis"
			);
			before = Some(report.block);
		}
		Ok(())
	}
}

/// The median: of an even number the lower of the two in the middle, so that only more than half
/// of all lags being beyond a bound puts it there. Zero of none.
fn median(lags: impl Iterator<Item = BlockNumber>) -> BlockNumber {
	let mut lags: alloc::vec::Vec<BlockNumber> = lags.collect();
	lags.sort_unstable();
	let middle = lags.len().saturating_sub(1) / 2;
	lags.get(middle).copied().unwrap_or(0)
}
