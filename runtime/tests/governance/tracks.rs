//! The tracks: what the document says of them, and their times in blocks.

use super::network::*;
use crate::{
	chain_of,
	configs::{
		governance::{
			periods::{blocks, DAY, HOUR, MINUTE},
			tracks::{TrackId, Tracks, ROOT, TRACKS},
		},
		technical_committee::TechnicalCollective,
	},
	AccountId, Balance, BlockNumber, OriginCaller, Runtime,
};
use frame_support::traits::Get;
use pallet_referenda::{Curve, TracksInfo};

/// The name of a track, without the zeroes that fill it up.
fn name(bytes: &[u8]) -> String {
	let text: Vec<u8> = bytes.iter().copied().take_while(|byte| *byte > 0).collect();
	String::from_utf8(text).expect("names are ASCII")
}

fn time(milliseconds: u64) -> String {
	for (unit, name) in [(DAY, "d"), (HOUR, "h"), (MINUTE, "min")] {
		if milliseconds.is_multiple_of(unit) {
			return format!("{} {name}", milliseconds / unit);
		}
	}
	panic!("{milliseconds} ms is not what a table shows");
}

fn percent(curve: &Curve) -> String {
	let Curve::LinearDecreasing { floor, ceil, .. } = curve else {
		panic!("all curves are lines")
	};
	let of = |part: sp_runtime::Perbill| part * 100u32;
	format!("{} → {} %", of(*ceil), of(*floor))
}

#[test]
fn the_document_has_the_tracks_as_they_are() {
	let document = include_str!("../../../docs/GOVERNANCE.md");
	for track in &TRACKS {
		let info = &track.info;
		let row = format!(
			"| {} `{}` | {} | {} INF | {} | {} | {} | {} | {} | {} |",
			track.id,
			name(&info.name),
			info.max_deciding,
			info.decision_deposit / UNIT,
			time(info.prepare_period),
			time(info.decision_period),
			time(info.confirm_period),
			time(info.min_enactment_period),
			percent(&info.min_approval),
			percent(&info.min_support),
		);
		assert!(document.contains(&row), "docs/GOVERNANCE.md has not: {row}");
	}
}

fn track_for(origin: &OriginCaller) -> Result<TrackId, ()> {
	<Tracks as TracksInfo<Balance, BlockNumber>>::track_for(origin)
}

#[test]
fn each_origin_has_its_track_and_no_other_origin_has_one() {
	assert_eq!(track_for(&root()), Ok(ROOT));
	let mut known = vec![ROOT];
	for (track, origin) in origins() {
		assert_eq!(track_for(&origin.into()), Ok(track));
		known.push(track);
	}
	let ids: Vec<_> = TRACKS.iter().map(|track| track.id).collect();
	assert_eq!(ids, known);
	let nobody: OriginCaller = frame_system::RawOrigin::<AccountId>::None.into();
	assert_eq!(track_for(&nobody), Err(()));
	let committee: pallet_collective::Origin<Runtime, TechnicalCollective> =
		pallet_collective::RawOrigin::Members(1, 1);
	assert_eq!(track_for(&committee.into()), Err(()));
}

#[test]
fn a_day_is_a_day_whatever_the_slot_and_less_where_the_genesis_says_so() {
	let times = |id| {
		let info = <Tracks as TracksInfo<Balance, BlockNumber>>::info(id).expect("it is known");
		[
			info.prepare_period,
			info.decision_period,
			info.confirm_period,
			info.min_enactment_period,
		]
	};
	// A chain whose genesis says nothing: six seconds, at production's speed.
	sp_io::TestExternalities::default().execute_with(|| {
		assert_eq!(blocks(DAY), 14_400);
		assert_eq!(times(ROOT), [1_200, 201_600, 14_400, 14_400]);
		pallet_network_parameters::SlotDurationMs::<Runtime>::put(3_000);
		assert_eq!(blocks(DAY), 28_800);
		assert_eq!(times(ROOT), [2_400, 403_200, 28_800, 28_800]);
	});
	// A development chain: one second, 14,400 times as fast. No time is none.
	chain_of(&sp_genesis_builder::DEV_RUNTIME_PRESET.into()).execute_with(|| {
		assert_eq!(blocks(DAY), 6);
		assert_eq!(blocks(MINUTE), 1);
		assert_eq!(times(ROOT), [1, 84, 6, 6]);
	});
}

#[test]
fn who_decided_cannot_leave_before_it_is_enacted() {
	sp_io::TestExternalities::default().execute_with(|| {
		let locked = <Runtime as pallet_conviction_voting::Config>::VoteLockingPeriod::get();
		for track in <Tracks as TracksInfo<Balance, BlockNumber>>::tracks() {
			assert!(track.info.min_enactment_period < locked, "{}", track.id);
		}
	});
}
