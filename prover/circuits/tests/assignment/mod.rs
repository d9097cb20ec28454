//! A witness that a test may change, and what refuses it: constraints, and the verifier of a proof.

use halo2_proofs::{
	dev::{MockProver, VerifyFailure},
	halo2curves::bn256::Fr,
};
use inference_circuits::{
	circuit::{
		row::LimbUse,
		trace::{Cell, Trace},
		ModelCircuit,
	},
	execute::execute,
	graph::{self, Graph, Operator},
	keys,
	layout::{self, Claim, Columns, Gates, Layout, Limbs},
};
use inference_plonk::{prove, Blinding, Column, CommitmentKey, ProvingKey};
use inference_verifier::{halo2::from_halo2, verify, Setup};
use rand::SeedableRng;

pub const STATEMENT: u64 = 0xfeed;

pub fn field(x: i64) -> Fr {
	let magnitude = Fr::from(x.unsigned_abs());
	if x < 0 {
		-magnitude
	} else {
		magnitude
	}
}

/// A witness and public inputs that a test may change.
#[derive(Clone)]
pub struct Assignment {
	pub layout: Layout,
	pub shape: Trace,
	pub trace: Trace,
	pub circuit: ModelCircuit,
	pub advice: Vec<Vec<Fr>>,
	pub instance: Vec<Fr>,
	pub rows: usize,
}

impl Assignment {
	pub fn new(graph: &Graph, layout: Layout, input: &[i64]) -> Self {
		let (trace, output) = Trace::witness(graph, &layout, input).unwrap();
		let inputs = layout.claim.split(graph, input).unwrap();
		let expected = inputs.flat_map(|input| execute(graph, input).unwrap());
		assert_eq!(output, expected.collect::<Vec<_>>());
		Self::of(graph, layout, &trace, input, &output)
	}

	/// The witness of a prover who takes `values` for those of the tensors.
	pub fn with_values(graph: &Graph, layout: Layout, values: Vec<Vec<i64>>) -> Self {
		Self::with_batch_values(graph, layout, vec![values])
	}

	/// The same for a batch, whose values are listed per inference.
	pub fn with_batch_values(graph: &Graph, layout: Layout, values: Vec<Vec<Vec<i64>>>) -> Self {
		let all = |tensor: usize| values.iter().flat_map(|v| v[tensor].clone()).collect();
		let (input, output): (Vec<i64>, Vec<i64>) = (all(0), all(graph.output_tensor()));
		let trace = Trace::with_values(graph, &layout, values).unwrap();
		Self::of(graph, layout, &trace, &input, &output)
	}

	fn of(graph: &Graph, layout: Layout, trace: &Trace, input: &[i64], output: &[i64]) -> Self {
		layout::check(graph, &layout).unwrap();
		let shape = Trace::shape(graph, &layout).unwrap();
		// Coefficients and copies do not depend on the witness.
		assert_eq!(
			(shape.fixed(), shape.copies()),
			(trace.fixed(), trace.copies())
		);
		assert_eq!(trace.len(), layout::rows(graph, &layout));
		let instance = std::iter::once(Fr::from(STATEMENT))
			.chain(
				if layout.claim.hidden_input {
					&[]
				} else {
					input
				}
				.iter()
				.chain(output)
				.map(|x| field(*x)),
			)
			.collect();
		Self {
			layout,
			circuit: ModelCircuit::new(&layout, &shape).with_batch(trace.clone()),
			advice: trace.advice(Fr::from(STATEMENT), 1 << layout.k),
			instance,
			rows: trace.len(),
			shape,
			trace: trace.clone(),
		}
	}

	pub fn is_satisfied(&self) -> bool {
		self.failures().is_empty()
	}

	/// What refuses the assignment: names of constraints, `lookup`, `copy`.
	pub fn failures(&self) -> Vec<String> {
		let circuit = self.circuit.clone().with_witness(self.advice.clone());
		let k = u32::from(self.layout.k);
		let prover = MockProver::run(k, &circuit, vec![self.instance.clone()]).unwrap();
		let name = |failure: VerifyFailure| match failure {
			VerifyFailure::ConstraintNotSatisfied { constraint, .. } => {
				let text = constraint.to_string();
				text.split('\'').nth(1).unwrap_or(&text).into()
			},
			VerifyFailure::Lookup { name, .. } => format!("lookup {name}"),
			VerifyFailure::Permutation { .. } => "copy".into(),
			other => panic!("{other}"),
		};
		// MockProver panics where it would report that row 0, whose row before is no cell of ours, fails.
		let verified = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| prover.verify()));
		let Ok(verified) = verified else {
			return vec!["row 0".into()];
		};
		let failures = verified.err().unwrap_or_default();
		let mut names: Vec<String> = failures.into_iter().map(name).collect();
		names.dedup();
		names
	}

	pub fn read(&self, cell: Cell) -> Fr {
		match cell {
			Cell::Lane { lane, row } => self.advice[lane][row],
			Cell::Accumulator { row } => self.advice[self.lanes()][row],
			Cell::Instance { row } => self.instance[row],
			Cell::Sums { .. } | Cell::Values { .. } | Cell::CombinedLane { .. } => {
				panic!("of the second phase")
			},
		}
	}

	/// Whether lanes of the row hold inputs.
	pub fn is_input_row(&self, row: usize) -> bool {
		self.shape.is_input_row(row)
	}

	pub fn lanes(&self) -> usize {
		self.layout.columns.lanes.into()
	}

	/// Index of the column of limb `limb`, where each limb has a column of its own.
	pub fn limb(&self, limb: usize) -> usize {
		assert_eq!(self.layout.columns.limb_rows(), 1);
		self.lanes() + 1 + limb
	}

	/// Column and row of limb `limb` of row `row`.
	pub fn limb_of(&self, row: usize, limb: u8) -> (usize, usize) {
		self.at(row, self.layout.columns.limbs.unwrap().place(limb))
	}

	/// Index of the column of signs, where they have one.
	pub fn sign(&self) -> usize {
		assert!(self.layout.columns.has_sign());
		self.advice.len() - 1
	}

	/// Column and row of the sign of row `row`, if there are signs.
	pub fn sign_of(&self, row: usize) -> Option<(usize, usize)> {
		let columns = &self.layout.columns;
		match columns.sign_place() {
			Some(place) => Some(self.at(row, place)),
			None => columns.has_sign().then(|| (self.sign(), row)),
		}
	}

	fn at(&self, row: usize, (column, up): (u8, u8)) -> (usize, usize) {
		(
			self.lanes() + 1 + usize::from(column),
			row - usize::from(up),
		)
	}

	/// For each cell of the rows in use, whether some constraint notices any change of it; nothing
	/// for limbs that no gate reads, which may be any in the table.
	pub fn is_read(&self) -> Vec<Vec<Option<bool>>> {
		let columns = &self.layout.columns;
		let (lanes, gates) = (self.lanes(), &columns.gates);
		let fixed = self.shape.fixed();
		let mut next = lanes + 3;
		let mut selector = |exists: bool| {
			next += usize::from(exists);
			exists.then(|| next - 1)
		};
		let product = selector(gates.product);
		let kinds: Vec<_> = columns.row_kinds().collect();
		let uses =
			LimbUse::SELECTED.map(|limb_use| selector(gates.has(limb_use) && !columns.numbered));
		let kind_of = |row: usize| {
			let number = kinds
				.iter()
				.zip(1u64..)
				.find(|(_, number)| fixed[lanes].get(row) == Some(&Fr::from(*number)));
			number.map(|(kind, _)| *kind)
		};
		let interpolate = selector(gates.interpolate);
		let function = selector(gates.function);
		let is_set = |column: Option<usize>, row: usize| {
			column.is_some_and(|c| fixed[c].get(row).is_some_and(|x| *x != Fr::zero()))
		};
		let carries = |row: usize| match columns.numbered {
			true => kind_of(row).is_some_and(|kind| kind.carries),
			false => is_set(Some(lanes), row),
		};
		let use_of = |row: usize| match columns.numbered {
			true => kind_of(row).map_or(LimbUse::Unused, |kind| kind.limb_use),
			false => LimbUse::SELECTED
				.into_iter()
				.zip(uses)
				.find(|(_, column)| is_set(*column, row))
				.map_or(LimbUse::Unused, |(limb_use, _)| limb_use),
		};
		let copied: std::collections::BTreeSet<Cell> = self
			.shape
			.copies()
			.iter()
			.flat_map(|(a, b)| [*a, *b])
			.collect();
		let zero = Fr::zero();
		// Cells that a row with limbs reads, its own or above it.
		let mut beside = std::collections::BTreeSet::new();
		for row in 0..self.rows {
			if use_of(row) != LimbUse::Unused {
				let limbs = (0..columns.limb_count()).map(|limb| self.limb_of(row, limb));
				let sign = self.sign_of(row).filter(|_| use_of(row) == LimbUse::Relu);
				for cell in limbs.chain(sign) {
					assert!(beside.insert(cell), "two rows' limbs are in {cell:?}");
				}
			}
		}
		let limbs = lanes + 1..lanes + 1 + usize::from(columns.limb_columns());
		(0..self.advice.len())
			.map(|column| {
				(0..self.rows)
					.map(|row| {
						if column < lanes {
							let partner = column ^ 1;
							let in_product = is_set(product, row)
								&& partner < lanes / 2 * 2
								&& self.advice[partner][row] != zero;
							Some(
								is_set(Some(column), row)
									|| in_product || (column < 3 && is_set(function, row))
									|| copied.contains(&Cell::Lane { lane: column, row }),
							)
						} else if column == lanes {
							let below =
								is_set(interpolate, row + 1) && self.advice[2][row + 1] != zero;
							Some(
								carries(row)
									|| is_set(Some(lanes + 1), row + 1)
									|| is_set(interpolate, row) || [
									LimbUse::Plain,
									LimbUse::Relu,
									LimbUse::Sign,
								]
								.contains(&use_of(row)) || below
									|| copied.contains(&Cell::Accumulator { row }),
							)
						} else {
							let is_read = beside.contains(&(column, row));
							(is_read || !limbs.contains(&column)).then_some(is_read)
						}
					})
					.collect()
			})
			.collect()
	}

	/// Changes each `step`-th cell by 1, and checks that it is noticed if a constraint reads it; returns
	/// how many are.
	pub fn check_every_cell(&mut self, step: usize) -> usize {
		assert!(self.is_satisfied());
		let is_read = self.is_read();
		let mut read = 0;
		let mut position = 0;
		for row in 0..self.rows {
			for column in 0..self.advice.len() {
				position += 1;
				let Some(is_read) = is_read[column][row] else {
					continue;
				};
				if position % step != 0 {
					continue;
				}
				let value = self.advice[column][row];
				// The change that is least likely to be noticed: a bit stays a bit, a limb a limb.
				let delta = if value == Fr::zero() {
					Fr::one()
				} else {
					-Fr::one()
				};
				self.advice[column][row] = value + delta;
				assert_eq!(self.is_satisfied(), !is_read, "column {column}, row {row}");
				self.advice[column][row] = value;
				read += usize::from(is_read);
			}
		}
		read
	}
}

/// Computes the tensors from `from` on, which follow from those before.
pub fn recompute(graph: &Graph, values: &mut [Vec<i64>], from: usize) {
	for tensor in from..values.len() {
		let next = match &graph.nodes()[tensor - 1].operator {
			Operator::Affine { terms, bias, .. } => (0..bias.len())
				.map(|element| {
					let rows = terms.iter().flat_map(|term| {
						let x = &values[term.input as usize];
						term.map.row(element).map(move |(i, w)| w * x[i])
					});
					bias[element] + rows.sum::<i64>()
				})
				.collect(),
			Operator::Rescale { input, shift, relu } => {
				let x = values[*input as usize].iter();
				x.map(|x| graph::rescale(*x, *shift, *relu)).collect()
			},
			Operator::Sign { input } => {
				let x = values[*input as usize].iter();
				x.map(|x| i64::from(*x >= 0)).collect()
			},
			Operator::Product { left, right, pairs } => {
				let inner = graph::offsets(&pairs.inner);
				let outer = graph::offsets(&pairs.outer);
				let (a, b) = (&values[*left as usize], &values[*right as usize]);
				let sum = |(x, y): &(usize, usize)| {
					let products = inner.iter().map(|(i, j)| a[x + i] * b[y + j]);
					products.sum::<i64>()
				};
				outer.iter().map(sum).collect()
			},
			other => panic!("{}", other.name()),
		};
		values[tensor] = next;
	}
}

/// A model with its keys.
pub struct Case {
	pub graph: Graph,
	pub layout: Layout,
	pub commitments: CommitmentKey,
	pub key: ProvingKey,
}

/// Changes second-phase columns.
pub type Change<'a> = &'a dyn Fn(&mut Vec<Vec<Fr>>);

impl Case {
	pub fn new(graph: Graph, layout: Layout) -> Self {
		layout::check(&graph, &layout).unwrap();
		let commitments = keys::commitment_key(layout.k).unwrap();
		let key = keys::proving_key(&graph, &layout, &commitments).unwrap();
		Self {
			graph,
			layout,
			commitments,
			key,
		}
	}

	/// Whether a proof of `assignment`, right or wrong, verifies; a prover that fails made none.
	pub fn accepts(&self, assignment: &Assignment) -> bool {
		self.accepts_with(assignment, &|_| ())
	}

	/// The same with a second phase that `change` has changed.
	pub fn accepts_with(&self, assignment: &Assignment, change: Change<'_>) -> bool {
		let usable = self.key.usable_rows();
		let mut random = rand_chacha::ChaCha20Rng::seed_from_u64(7);
		let made = prove(
			&self.key,
			&self.commitments,
			std::slice::from_ref(&assignment.instance),
			|phase, challenges| {
				let mut columns = assignment.advice.clone();
				if phase > 0 {
					columns = assignment.trace.advice_combined(challenges[0]);
					change(&mut columns);
				}
				let first = |column: &Vec<Fr>| column[..column.len().min(usable)].to_vec();
				let columns = columns.iter().map(first);
				Ok(columns.map(|c| Column::from_scalars(&c)).collect())
			},
			if self.layout.claim.hidden_input {
				Blinding::Random(&mut random)
			} else {
				Blinding::None
			},
		);
		let inputs: Vec<_> = assignment.instance.iter().map(|x| from_halo2(*x)).collect();
		let setup = Setup::insecure_development();
		made.is_ok_and(|proof| verify(self.key.plan(), &setup, &inputs, &proof).is_ok())
	}
}

/// Limbs in one row.
pub fn flat((bits, low, high): (u8, u8, u8)) -> Limbs {
	Limbs {
		bits,
		low,
		high,
		columns: low.saturating_add(high),
		rows: 1,
	}
}

/// The chosen layout with other columns, limbs in one row, and as few rows as it can.
pub fn layout_with(
	graph: &Graph,
	lanes: u8,
	limbs: Option<(u8, u8, u8)>,
	degree: u8,
) -> Option<Layout> {
	layout_of(graph, lanes, limbs.map(flat), degree)
}

/// The chosen layout with other columns, limbs in `columns` columns, with room for a sign or not.
pub fn layout_with_rows(
	graph: &Graph,
	lanes: u8,
	(bits, low, high): (u8, u8, u8),
	(columns, with_sign): (u8, bool),
	degree: u8,
) -> Option<Layout> {
	let limbs = Limbs {
		columns,
		rows: (low + high + u8::from(with_sign)).div_ceil(columns),
		..flat((bits, low, high))
	};
	layout_of(graph, lanes, Some(limbs), degree)
}

/// The same with numbered rows, and the degree that this takes if it is higher.
pub fn with_numbered_rows(graph: &Graph, layout: &Layout) -> Layout {
	let degrees = layout.columns.degree..=*layout::DEGREES.end();
	let with = |degree| Layout {
		columns: Columns {
			degree,
			numbered: true,
			..layout.columns
		},
		..*layout
	};
	degrees
		.map(with)
		.find(|layout| layout::check(graph, layout).is_ok())
		.unwrap()
}

fn layout_of(graph: &Graph, lanes: u8, limbs: Option<Limbs>, degree: u8) -> Option<Layout> {
	let chosen = layout::choose(graph).unwrap().columns;
	[false, true].into_iter().find_map(|step| {
		let columns = Columns {
			lanes,
			degree,
			limbs,
			numbered: false,
			gates: Gates {
				step,
				..chosen.gates
			},
			combined_lanes: 0,
			within: false,
			inputs: None,
		};
		(3..=layout::MAX_K)
			.map(|k| Layout {
				k,
				columns,
				claim: Claim::default(),
			})
			.find(|layout| layout::check(graph, layout).is_ok())
	})
}
