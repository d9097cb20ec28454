//! The arithmetic of docs/SCALING.md, from the weights, the parameters of production and the sizes of what is
//! stored: its table is written by this test.
//!
//! `REGENERATE_SCALING=1` with the test's program writes the table anew.

use super::*;
use crate::configs::system::{OperationalReserve, MAXIMUM_BLOCK_WEIGHT};
use frame_support::weights::constants::ExtrinsicBaseWeight;
use inference_primitives::{traits::NodePool as _, ProtocolParameters};
use pallet_inference_market::WeightInfo as _;
use pallet_node_pool::WeightInfo as _;
use std::{env, fs, path::PathBuf};

type Market = <Runtime as pallet_inference_market::Config>::WeightInfo;
type Pool = <Runtime as pallet_node_pool::Config>::WeightInfo;

/// What is asked for: inferences a month of thirty days, of as many models.
const ORDERS: f64 = 10_000_000.0;
const MONTH: f64 = 30.0 * 86_400.0;
/// Seconds of a block of the chain.
const BLOCK: f64 = 6.0;
/// The digits network of docs/VERIFIER.md: its values, its proof's bytes, and the weight of verifying it.
const INPUTS: u32 = 64;
const OUTPUTS: u32 = 10;
const PROOF_BYTES: u32 = 1_952;
const VERIFY_MS: f64 = 5.4;
/// Seconds of one of two cores to prove it (docs/DEMO.md), its check included.
const PROVE_SECONDS: f64 = 0.059;
/// Of a signed transaction besides its arguments, at most (`OrderFee`): weight of its extensions, and bytes.
const EXTENSIONS_MS: f64 = 0.5;
const ENVELOPE: u32 = 250;

fn ms(weight: frame_support::weights::Weight) -> f64 {
	weight.ref_time() as f64 / 1e9
}

/// A table's rows: what, the figure, where it comes from.
fn rows() -> Vec<[String; 3]> {
	let transaction = ms(ExtrinsicBaseWeight::get()) + EXTENSIONS_MS;
	let submit = ms(Market::submit_workload(INPUTS)) + transaction;
	let deliver = ms(Market::deliver(OUTPUTS)) + transaction;
	let prove = ms(Market::relay_proof()) + VERIFY_MS + transaction;
	let prune = ms(Market::prune());
	let around = Market::look().saturating_add(Market::assign());
	let draw = |candidates, reserve| ms(around) + ms(Pool::draw(candidates)) + ms(reserve);
	let first = draw(1, Pool::reserve());
	let model = ms(Market::serve_model())
		+ ms(Market::void_check())
		+ ms(Pool::open_pool())
		+ ms(Market::end_queue());
	let turn = ms(Market::serve_queues(2)) - ms(Market::serve_queues(1));
	let draws = ms(<Runtime as pallet_inference_market::Config>::MaxDrawWeight::get());
	let left = draws - ms(Market::serve_queues(1)) - model;
	let whole = ms(MAXIMUM_BLOCK_WEIGHT);
	let reserve = ms(OperationalReserve::get());
	let a_second = ORDERS / MONTH;
	let a_block = a_second * BLOCK;
	let order = submit + first + deliver + prove + prune;
	let hooks = ms(super::hooks::worst());
	let steps = deliver + prove;
	let bytes = |values: u32| f64::from(values * 8 + ENVELOPE);
	let body = bytes(INPUTS) + bytes(OUTPUTS) + f64::from(PROOF_BYTES + ENVELOPE);
	let record = f64::from((INPUTS + OUTPUTS) * 8) + pallet_inference_market::RECORD_BYTES as f64;
	let retention = f64::from(ProtocolParameters::production().retention.0) * BLOCK;
	let kept = a_second * retention;
	let row =
		|what: &str, figure: String, source: &str| [what.to_owned(), figure, source.to_owned()];
	vec![
		row(
			"orders",
			format!("{a_second:.2} a second, {a_block:.0} a block of 6 s"),
			"10 million in 30 days",
		),
		row(
			"submit; deliver; prove; prune",
			format!("{submit:.2}; {deliver:.2}; {prove:.2}; {prune:.2} ms"),
			"weights.rs; of the first three also a transaction's base and 0.5 ms of extensions; verifying: 5.4 ms of the digits network (VERIFIER.md)",
		),
		row(
			"a draw: to a node of its own; to one drawn before; of a model with no other order",
			format!(
				"{first:.2}; {:.2}; {:.2} ms",
				draw(1, Pool::reserve_again()),
				first + model + turn
			),
			"weights.rs",
		),
		row(
			"all of an order; of a block",
			format!("{order:.1} ms; {:.0} %", order * a_block * 100.0 / whole),
			"the sum; a block has 2,000 ms",
		),
		row(
			"draws a block may have: to a node of its own each; to nodes drawn before; with 16 candidates each; of a model of its own each",
			format!(
				"{:.0}; {:.0}; {:.0}; {:.0}",
				(left / first).floor(),
				(left / draw(1, Pool::reserve_again())).floor(),
				(left / draw(16, Pool::reserve())).floor(),
				(left / (first + model + turn)).floor()
			),
			"18 % of a block, less what deadlines take that pass in it",
		),
		row(
			"deliveries and proofs a block takes at least; with hooks at their worst and no other transactions",
			format!(
				"{:.0}; {:.0}",
				(reserve / steps).floor(),
				((whole - hooks).min(0.75 * whole) / steps).floor()
			),
			"the operational reserve of a quarter; three quarters, the most that steps may have",
		),
		row(
			"orders a block takes in, beside the reserve",
			format!("{:.0}", ((0.75 * whole) / submit).floor()),
			"75 % of a block for submissions",
		),
		row(
			"bytes of an order's transactions; of a block; of a month",
			format!(
				"{:.1} KB; {:.0} KB; {:.0} GB",
				body / 1e3,
				body * a_block / 1e3,
				body * ORDERS / 1e9
			),
			"64 values in, 10 out, a proof of 1,952 bytes, 250 bytes around each; kept by archives, a validator prunes states",
		),
		row(
			"state of an order; of all that are kept",
			format!("{:.2} KB at most; {:.1} GB", record / 1e3, record * kept / 1e9),
			"`RECORD_BYTES` and tensors, for the retention of 7 days; without the trie's nodes",
		),
		row(
			"cores that prove",
			format!("{:.1}", (a_second * PROVE_SECONDS * 2.0).max(0.1)),
			"59 ms on two cores each (DEMO.md)",
		),
		row(
			"blocks that the snapshots of 10,000 pools of 1.6 nodes take",
			format!("{:.0} of an epoch's 600", snapshot_blocks(10_000.0, 1.6).ceil()),
			"`MaxSnapshotMembers`, and four for each pool",
		),
		row(
			"heaviest draw",
			format!("{:.2} ms", ms(around) + ms(NodePool::max_draw_weight())),
			"16 candidates, a pool that was not open",
		),
	]
}

/// Blocks that the snapshots of so many pools take, each of so many members.
fn snapshot_blocks(pools: f64, members: f64) -> f64 {
	type Most = <Runtime as pallet_node_pool::Config>::MaxSnapshotMembers;
	let a_block = f64::from(<Most as frame_support::traits::Get<u32>>::get());
	pools / (a_block / (members + 4.0)).ceil()
}

#[test]
fn the_table_of_scaling_is_what_weights_and_parameters_give() {
	let lines: Vec<_> = rows()
		.iter()
		.map(|[what, figure, source]| format!("| {what} | {figure} | {source} |"))
		.collect();
	let table = lines.join("\n");
	let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/SCALING.md"));
	let text = fs::read_to_string(&path).expect("docs/SCALING.md is there");
	let (begin, end) = ("| --- | --- | --- |\n", "\n\n## What grows with what");
	let (head, rest) = text.split_once(begin).expect("it has a table");
	let (old, tail) = rest.split_once(end).expect("the table ends");
	if env::var_os("REGENERATE_SCALING").is_some() {
		fs::write(&path, [head, begin, &table, end, tail].concat()).expect("it can be written");
		return;
	}
	assert_eq!(old, table, "REGENERATE_SCALING=1 writes the table anew");
}

#[test]
fn ten_million_orders_a_month_fit_in_a_chain() {
	let a_block = ORDERS / MONTH * BLOCK;
	let transaction = ms(ExtrinsicBaseWeight::get()) + EXTENSIONS_MS;
	let steps = ms(Market::deliver(OUTPUTS)) + ms(Market::relay_proof()) + VERIFY_MS;
	// Within the reserve alone, with as much again for bursts.
	assert!(2.0 * a_block * (steps + 2.0 * transaction) <= ms(OperationalReserve::get()));
	assert!(snapshot_blocks(10_000.0, 1.6) <= 600.0);
}
