//! The artifact's opening section: rotation sets, and what each commitment claims.
//!
//! It is byte code for the EVM; from it are read, set by set, the rotations, the commitments'
//! addresses and their evaluations' addresses. That tells which column each evaluation belongs to,
//! which nothing else in the artifact does. After the plan is made, [`DeclaredOpenings::check`]
//! compares all sets, in order, with those that follow from the plan.
//!
//! Sections, each a list of words: points, vanishing, coefficients, normalisation, evaluations,
//! sums, combination, commitments. Lists start with the number of their words in a byte.

use super::{
	header::Header,
	words::{Packed, Words},
	Evaluation, VkaError,
};
use crate::{
	limits,
	plan::{
		layout::Layout,
		limit_usize,
		opening::{Claim, Commitment, Member, Openings, RotationSet},
		ColumnKind, Plan, Query,
	},
};
use alloc::{
	collections::{BTreeMap, BTreeSet},
	vec::Vec,
};

const WHAT: &str = "opening";

/// Most members or evaluations, of all sets together: more than 16-bit addresses can tell apart. A
/// few bytes make a list of thousands, so it bounds what a small artifact allocates.
const MAX_MEMBERS: usize = 4096;

/// A list of a set's members or evaluations that is being read.
struct Filling<T> {
	list: Vec<T>,
	/// Items of the sets before.
	before: usize,
}

impl<T> Filling<T> {
	fn after(sets: &[Vec<T>]) -> Self {
		Self {
			list: Vec::new(),
			before: sets.iter().map(Vec::len).sum(),
		}
	}

	/// Adds to the list, unless all sets together would have too many.
	fn push(&mut self, item: T, word: usize) -> Result<(), VkaError> {
		if self.before.saturating_add(self.list.len()) >= MAX_MEMBERS {
			return Err(VkaError::OutOfRange {
				what: "members of all rotation sets",
				word,
			});
		}
		self.list.push(item);
		Ok(())
	}
}

/// What a commitment's address is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Base {
	/// A point of the proof.
	Proof(usize),
	/// A point of the key: fixed columns, then permutation columns.
	Key(usize),
	/// The quotient, combined.
	Quotient,
}

/// A commitment with its evaluations in the order of its set's rotations; none for the quotient,
/// whose value is computed.
#[derive(Clone, PartialEq, Eq, Debug)]
struct DeclaredMember {
	base: Base,
	evaluations: Vec<usize>,
}

/// A rotation set as the artifact has it.
#[derive(Clone, PartialEq, Eq, Debug)]
struct DeclaredSet {
	rotations: Vec<i16>,
	members: Vec<DeclaredMember>,
}

/// The artifact's rotation sets.
#[derive(Clone, Debug)]
pub(crate) struct DeclaredOpenings {
	sets: Vec<DeclaredSet>,
}

/// The queries of advice and fixed columns, and what each evaluation stands for.
#[derive(Clone, Debug)]
pub(crate) struct Queries {
	pub advice: Vec<Query>,
	pub fixed: Vec<Query>,
}

impl Queries {
	/// The query of an evaluation of the proof.
	pub(crate) fn evaluation(&self, index: usize) -> Option<Evaluation> {
		let (kind, query) = match index.checked_sub(self.advice.len()) {
			None => (ColumnKind::Advice, index),
			Some(query) if query < self.fixed.len() => (ColumnKind::Fixed, query),
			Some(_) => return None,
		};
		Some(Evaluation {
			kind,
			query: u16::try_from(query).ok()?,
		})
	}

	/// The column of an evaluation at the current row.
	pub(crate) fn column(&self, index: usize) -> Option<(ColumnKind, u16)> {
		let evaluation = self.evaluation(index)?;
		let queries = match evaluation.kind {
			ColumnKind::Advice => &self.advice,
			ColumnKind::Fixed => &self.fixed,
			ColumnKind::Instance => return None,
		};
		let query = queries.get(usize::from(evaluation.query))?;
		(query.rotation == 0).then_some((evaluation.kind, query.column))
	}
}

impl DeclaredOpenings {
	/// Reads the section.
	pub(crate) fn read(words: &Words<'_>, header: &Header) -> Result<Self, VkaError> {
		let mut packed = words.packed(header.opening);
		let scratch = Scratch::read(&mut packed)?;
		let sets = scratch.vanishing(&mut packed)?;
		let rotations = scratch.rotation_sets(&mut packed, sets)?;
		// normalisation
		packed.skip_words(1);
		let evaluations = evaluations(&mut packed, header, &rotations)?;
		// sums, combination
		let sums = usize::from(packed.byte(WHAT)?);
		packed.skip_words(sums.max(1).saturating_add(1));
		let commitments = commitments(&mut packed, header, rotations.len())?;

		let mut sets = Vec::with_capacity(rotations.len());
		for ((rotations, evaluations), commitments) in
			rotations.into_iter().zip(evaluations).zip(commitments)
		{
			sets.push(DeclaredSet {
				members: members(&rotations, evaluations, &commitments)?,
				rotations,
			});
		}
		Ok(Self { sets })
	}

	/// The queries of columns, in the order of their evaluations.
	pub(crate) fn queries(&self, header: &Header) -> Result<Queries, VkaError> {
		let columns = header.advice_columns();
		let fixed_columns = header.fixed_commitments.len();
		let mut advice = BTreeMap::new();
		let mut fixed = BTreeMap::new();
		for set in &self.sets {
			for member in &set.members {
				let (column, queries) = match member.base {
					Base::Proof(point) if point < columns => (point, &mut advice),
					Base::Key(point) if point < fixed_columns => (point, &mut fixed),
					_ => continue,
				};
				let column = u16::try_from(column).map_err(|_| VkaError::Openings {
					what: "too many columns",
				})?;
				for (rotation, evaluation) in set.rotations.iter().zip(&member.evaluations) {
					let query = Query {
						column,
						rotation: *rotation,
					};
					if queries.insert(*evaluation, query).is_some() {
						return Err(VkaError::Openings {
							what: "an evaluation stands for two queries",
						});
					}
				}
			}
		}
		// Advice comes first in the proof, then fixed columns, without gaps.
		let all = advice.keys().chain(fixed.keys());
		if !all.enumerate().all(|(expected, got)| expected == *got) {
			return Err(VkaError::Openings {
				what: "evaluations of columns are not the first ones, advice before fixed",
			});
		}
		Ok(Queries {
			advice: advice.into_values().collect(),
			fixed: fixed.into_values().collect(),
		})
	}

	/// Compares the sets with those that follow from the plan.
	pub(crate) fn check(&self, plan: &Plan) -> Result<(), VkaError> {
		let declared = self.as_openings(plan).ok_or(VkaError::Openings {
			what: "a rotation is not one of the plan's",
		})?;
		if declared == *plan.openings() {
			Ok(())
		} else {
			Err(VkaError::Openings {
				what: "rotation sets, their order, or their members",
			})
		}
	}

	/// The sets in a plan's terms.
	fn as_openings(&self, plan: &Plan) -> Option<Openings> {
		let domain = plan.domain();
		let layout = plan.layout();
		let at = |rotation: i16| domain.normalise(i32::from(rotation));
		let all = self.sets.iter().flat_map(|set| &set.rotations);
		let points: BTreeSet<u32> = all.map(|rotation| at(*rotation)).collect();
		let points: Vec<u32> = points.into_iter().collect();
		let mut sets = Vec::with_capacity(self.sets.len());
		for set in &self.sets {
			let mut order = Vec::with_capacity(set.rotations.len());
			for (index, rotation) in set.rotations.iter().enumerate() {
				order.push((points.binary_search(&at(*rotation)).ok()?, index));
			}
			order.sort_unstable();
			let mut members = Vec::with_capacity(set.members.len());
			for member in &set.members {
				members.push(as_member(layout, member, &order)?);
			}
			sets.push(RotationSet {
				points: order.into_iter().map(|(point, _)| point).collect(),
				members,
			});
		}
		Some(Openings { points, sets })
	}
}

/// A member in a plan's terms, its claims in the order of the set's points.
fn as_member(layout: &Layout, member: &DeclaredMember, order: &[(usize, usize)]) -> Option<Member> {
	let commitment = match member.base {
		Base::Proof(point) => Commitment::Base(point),
		Base::Key(point) => Commitment::Base(layout.fixed(point)),
		Base::Quotient => {
			return Some(Member {
				commitment: Commitment::Quotient,
				claims: alloc::vec![Claim::Quotient],
			})
		},
	};
	let mut claims = Vec::with_capacity(order.len());
	for (_, index) in order {
		claims.push(Claim::Evaluation(*member.evaluations.get(*index)?));
	}
	Some(Member { commitment, claims })
}

/// Where the EVM keeps the points x·ω^rotation, and μ minus each of them.
struct Scratch {
	/// Rotation by the point's address, relative to the artifact's end.
	points: BTreeMap<u16, i16>,
}

impl Scratch {
	/// Reads the points: addresses for rotations 1, 2, …, then 0, then −1, −2, …; zero where there
	/// is none.
	fn read(packed: &mut Packed<'_>) -> Result<Self, VkaError> {
		let mut points = BTreeMap::new();
		let mut insert = |address: u16, rotation: i16, word: usize| {
			if address != 0 && points.insert(address, rotation).is_some() {
				return Err(VkaError::BadAddress {
					what: "point of its own",
					word,
					got: u32::from(address),
				});
			}
			Ok(())
		};
		let count = packed.byte(WHAT)?;
		for rotation in 1..=i16::from(count) {
			let address = packed.short_in_list(WHAT)?;
			insert(address, rotation, packed.word())?;
		}
		packed.next_word();
		let address = packed.short(WHAT)?;
		insert(address, 0, packed.word())?;
		let count = packed.byte(WHAT)?;
		for rotation in 1..=i16::from(count) {
			let address = packed.short_in_list(WHAT)?;
			insert(address, rotation.saturating_neg(), packed.word())?;
		}
		packed.next_word();
		Ok(Self { points })
	}

	/// Reads where differences are kept, and returns the number of rotation sets.
	fn vanishing(&self, packed: &mut Packed<'_>) -> Result<usize, VkaError> {
		// First and last difference's address, first point's address.
		for _ in 0..3 {
			packed.short(WHAT)?;
		}
		let words = usize::from(packed.byte(WHAT)?);
		packed.skip_words(words.max(1));
		packed.short(WHAT)?;
		let sets = packed.short(WHAT)?;
		packed.expect_done(WHAT)?;
		if sets == 0 || u32::from(sets) > limits::MAX_ROTATION_SETS {
			return Err(VkaError::OutOfRange {
				what: "rotation sets",
				word: packed.word(),
			});
		}
		let sets = usize::from(sets);
		// A word of differences for each set.
		packed.skip_words(sets.saturating_add(1));
		Ok(sets)
	}

	/// Reads each set's rotations.
	fn rotation_sets(
		&self,
		packed: &mut Packed<'_>,
		sets: usize,
	) -> Result<Vec<Vec<i16>>, VkaError> {
		let lengths = small_numbers(packed, sets)?;
		// Differences follow the points in the same order.
		let first = self.points.keys().next().copied().unwrap_or_default();
		let bytes = u16::try_from(self.points.len().saturating_mul(32)).unwrap_or(u16::MAX);
		let mut all = Vec::with_capacity(sets);
		for length in lengths {
			let mut rotations = Vec::with_capacity(usize::from(length));
			for _ in 0..length {
				let got = packed.short(WHAT)?;
				// A set of one point holds its difference only.
				let address = if length == 1 {
					got.checked_sub(bytes)
				} else {
					Some(got)
				};
				let known = address.and_then(|address| self.points.get(&address));
				let rotation = known.copied().ok_or(VkaError::BadAddress {
					what: "point of the opening",
					word: packed.word(),
					got: u32::from(got),
				})?;
				rotations.push(rotation);
			}
			if length == 0 || first == 0 {
				return Err(VkaError::OutOfRange {
					what: "points of a rotation set",
					word: packed.word(),
				});
			}
			packed.next_word();
			all.push(rotations);
		}
		Ok(all)
	}
}

/// Reads `count` bytes from a list of words that starts with their number.
fn small_numbers(packed: &mut Packed<'_>, count: usize) -> Result<Vec<u8>, VkaError> {
	let start = packed.word();
	let words = usize::from(packed.byte(WHAT)?);
	let numbers = numbers_in_words(packed, count)?;
	if packed.word().saturating_sub(start).saturating_add(1) != words {
		return Err(VkaError::OutOfRange {
			what: "words of a list",
			word: start,
		});
	}
	packed.next_word();
	Ok(numbers)
}

/// Reads `count` bytes, none of them zero, over as many words as they fill.
fn numbers_in_words(packed: &mut Packed<'_>, count: usize) -> Result<Vec<u8>, VkaError> {
	let mut numbers = Vec::with_capacity(count.min(limit_usize(limits::MAX_ROTATION_SETS)));
	for _ in 0..count {
		if packed.is_done()? {
			packed.next_word();
		}
		numbers.push(packed.byte(WHAT)?);
	}
	packed.expect_done("a list")?;
	Ok(numbers)
}

/// Evaluations of each set's members but the quotient, last member first.
fn evaluations(
	packed: &mut Packed<'_>,
	header: &Header,
	rotations: &[Vec<i16>],
) -> Result<Vec<Vec<usize>>, VkaError> {
	let start = packed.word();
	let words = usize::from(packed.byte(WHAT)?);
	// Addresses of a coefficient and of the results.
	packed.short(WHAT)?;
	packed.short(WHAT)?;
	let lengths = numbers_in_words(packed, rotations.len())?;
	if packed.word().saturating_sub(start).saturating_add(1) != words {
		return Err(VkaError::OutOfRange {
			what: "words of a list",
			word: start,
		});
	}
	packed.next_word();
	let mut all = Vec::with_capacity(rotations.len());
	for (rotations, length) in rotations.iter().zip(lengths) {
		if usize::from(length) != rotations.len().saturating_mul(32) {
			return Err(VkaError::Openings {
				what: "evaluations per member",
			});
		}
		let start = packed.word();
		let words = usize::from(packed.byte(WHAT)?);
		let mut list = Filling::after(&all);
		let mut first = true;
		for word in 0..words {
			if word > 0 {
				packed.next_word();
			}
			while !packed.is_done()? {
				if rotations.len() > 1 || first {
					push_evaluation(packed, header, &mut list)?;
					first = false;
				} else {
					evaluation_group(packed, header, &mut list)?;
				}
			}
		}
		if words == 0 {
			return Err(VkaError::OutOfRange {
				what: "words of a list",
				word: start,
			});
		}
		packed.next_word();
		all.push(list.list);
	}
	Ok(all)
}

/// Reads one evaluation's address.
fn push_evaluation(
	packed: &mut Packed<'_>,
	header: &Header,
	list: &mut Filling<usize>,
) -> Result<(), VkaError> {
	let address = packed.short(WHAT)?;
	let evaluation = evaluation_at(packed, header, u32::from(address))?;
	list.push(evaluation, packed.word())
}

/// The evaluation at an address.
fn evaluation_at(packed: &Packed<'_>, header: &Header, address: u32) -> Result<usize, VkaError> {
	header.evaluation(address).ok_or(VkaError::BadAddress {
		what: "evaluation",
		word: packed.word(),
		got: address,
	})
}

/// Reads a group of evaluations: one or two addresses, or, marked by 0, a descending range.
fn evaluation_group(
	packed: &mut Packed<'_>,
	header: &Header,
	list: &mut Filling<usize>,
) -> Result<(), VkaError> {
	let length = packed.byte(WHAT)?;
	if length > 0 {
		for _ in 0..length {
			push_evaluation(packed, header, list)?;
		}
		return Ok(());
	}
	for address in range(packed, 32)? {
		list.push(evaluation_at(packed, header, address)?, packed.word())?;
	}
	Ok(())
}

/// Reads a range of addresses, descending by `step`: its first, and the one after its last.
fn range(packed: &mut Packed<'_>, step: u16) -> Result<impl Iterator<Item = u32>, VkaError> {
	let first = packed.short(WHAT)?;
	let end = packed.short(WHAT)?;
	let count = first
		.checked_sub(end)
		.filter(|bytes| *bytes > 0 && bytes.is_multiple_of(step))
		.and_then(|bytes| bytes.checked_div(step))
		.ok_or(VkaError::OutOfRange {
			what: "a range of addresses",
			word: packed.word(),
		})?;
	Ok((0..count).map(move |index| u32::from(first.saturating_sub(index.saturating_mul(step)))))
}

/// Commitments of each set, last member first.
fn commitments(
	packed: &mut Packed<'_>,
	header: &Header,
	sets: usize,
) -> Result<Vec<Vec<Base>>, VkaError> {
	let start = packed.word();
	let words = usize::from(packed.byte(WHAT)?);
	// Addresses of a coefficient, W, Z₀(μ), W′.
	for _ in 0..6 {
		packed.short(WHAT)?;
	}
	let lengths = numbers_in_words(packed, sets)?;
	if packed.word().saturating_sub(start).saturating_add(1) != words {
		return Err(VkaError::OutOfRange {
			what: "words of a list",
			word: start,
		});
	}
	packed.next_word();
	let mut all = Vec::with_capacity(sets);
	for bytes in lengths {
		if bytes == 0 || !bytes.is_multiple_of(32) {
			return Err(VkaError::OutOfRange {
				what: "words of a set's commitments",
				word: start,
			});
		}
		let mut list = Filling::after(&all);
		let point = coordinates(packed)?;
		list.push(base_at(packed, header, point, true)?, packed.word())?;
		for word in 0..bytes / 32 {
			if word > 0 {
				packed.next_word();
			}
			while !packed.is_done()? {
				commitment_group(packed, header, &mut list)?;
			}
		}
		packed.next_word();
		all.push(list.list);
	}
	Ok(all)
}

/// Reads a point's address: that of x, then that of y, 32 bytes after it.
fn coordinates(packed: &mut Packed<'_>) -> Result<u32, VkaError> {
	let x = u32::from(packed.short(WHAT)?);
	let y = u32::from(packed.short(WHAT)?);
	if y == x.saturating_add(32) {
		Ok(x)
	} else {
		Err(VkaError::BadAddress {
			what: "y coordinate after its x",
			word: packed.word(),
			got: y,
		})
	}
}

/// Reads a group of commitments: where they are (0 key, 1 proof, 2 the quotient), how many (0 for
/// a descending range), their addresses.
fn commitment_group(
	packed: &mut Packed<'_>,
	header: &Header,
	list: &mut Filling<Base>,
) -> Result<(), VkaError> {
	let place = packed.byte(WHAT)?;
	let length = packed.byte(WHAT)?;
	let bad = VkaError::OutOfRange {
		what: "a group of commitments",
		word: packed.word(),
	};
	let in_proof = match (place, length) {
		(2, 1) => {
			return list.push(Base::Quotient, packed.word());
		},
		(0 | 1, 0..=2) => place == 1,
		_ => return Err(bad),
	};
	for _ in 0..length {
		let address = coordinates(packed)?;
		let base = base_at(packed, header, address, in_proof)?;
		list.push(base, packed.word())?;
	}
	if length == 0 {
		for address in range(packed, 64)? {
			let base = base_at(packed, header, address, in_proof)?;
			list.push(base, packed.word())?;
		}
	}
	Ok(())
}

/// The commitment at an address.
fn base_at(
	packed: &Packed<'_>,
	header: &Header,
	address: u32,
	in_proof: bool,
) -> Result<Base, VkaError> {
	let base = if in_proof {
		header.proof_point(address).map(Base::Proof)
	} else {
		header.key_point(address).map(Base::Key)
	};
	base.ok_or(VkaError::BadAddress {
		what: "commitment",
		word: packed.word(),
		got: address,
	})
}

/// Joins a set's commitments and evaluations, first member first.
fn members(
	rotations: &[i16],
	evaluations: Vec<usize>,
	commitments: &[Base],
) -> Result<Vec<DeclaredMember>, VkaError> {
	let mismatch = VkaError::Openings {
		what: "members of a set and their evaluations",
	};
	let mut rest = evaluations.as_slice();
	let mut members = Vec::with_capacity(commitments.len());
	for base in commitments {
		let evaluations = match base {
			Base::Quotient => &[],
			_ => {
				let (head, tail) = rest.split_at_checked(rotations.len()).ok_or(mismatch)?;
				rest = tail;
				head
			},
		};
		members.push(DeclaredMember {
			base: *base,
			evaluations: evaluations.to_vec(),
		});
	}
	if !rest.is_empty() {
		return Err(mismatch);
	}
	members.reverse();
	Ok(members)
}
