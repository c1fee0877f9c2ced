"""Gauss-Newton search for the smooth shift along lines that makes scans agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sonolesion.maths.line_transport import Lines, Volume, transport


@dataclass(frozen=True)
class Term:
    """One scan in the sum that should vanish.

    Attributes
    ----------
    lines : Lines
        The scan, distorted, of shape (X, Y, N).
    scale : float
        Its shift over the shift sought: signed, and by readout time.
    weight : float or ndarray of shape (X, Y, N)
        Factor of its unwarped signal in the sum.
    """

    lines: Lines
    scale: float
    weight: Any


@dataclass(frozen=True)
class Smoothness:
    """What a shift costs.

    Attributes
    ----------
    membrane : tuple of float
        Cost of a squared difference between neighbours along each axis.
    barrier : float
        Cost of stretching and squeezing; it has no bound where the Jacobian reaches zero.
    """

    membrane: tuple[float, float, float]
    barrier: float


def search(
    terms: Sequence[Term],
    target: Any,
    start: Volume,
    *,
    smoothness: Smoothness,
    n_steps: int,
    n_inner: int,
    min_gain: float,
) -> Volume:
    """Find the shift for which the weighted unwarped scans sum up to a target.

    Parameters
    ----------
    terms : sequence of Term
        Scans, their signal scaled to about 1.
    target : float or ndarray of shape (X, Y, N)
        What the sum should be.
    start : ndarray of shape (X, Y, N)
        First guess [voxels].
    smoothness : Smoothness
        What keeps the shift smooth.
    n_steps, n_inner : int
        Most Gauss-Newton steps, and conjugate-gradient steps in each.
    min_gain : float
        Share of the cost that a step must save for another one to follow.

    Returns
    -------
    ndarray of shape (X, Y, N)
        Shift [voxels].

    Notes
    -----
    Cost: half the squared residual plus membrane energy plus the barrier on the Jacobian;
    Ruthotto et al. 2012, doi:10.1088/0031-9155/57/18/5715. The barrier
    ``x⁴ / (1 - x²)`` enters each step as a quadratic with the weight of the step's start.
    """
    shift = np.asarray(start, dtype=np.float32)
    cost = _cost(terms, target, shift, smoothness)
    for _ in range(n_steps):
        step = _step(terms, target, shift, smoothness, n_inner)
        shift, lower = _backtrack(terms, target, shift, step, cost, smoothness)
        saved, cost = cost - lower, lower
        if saved <= min_gain * cost:
            break
    return shift


def _backtrack(
    terms: Sequence[Term],
    target: Any,
    shift: Volume,
    step: Volume,
    cost: float,
    smoothness: Smoothness,
) -> tuple[Volume, float]:
    """Return the shift after the longest of a few steps that lowers the cost, and the cost."""
    for length in (1.0, 0.5, 0.25, 0.125):
        tried = shift + np.float32(length) * step
        lower = _cost(terms, target, tried, smoothness)
        if lower < cost:
            return tried, lower
    return shift, cost


def stretch(shift: Volume) -> Volume:
    """Return the central difference of a shift along its lines, Jacobian minus 1."""
    slope = np.empty_like(shift)
    slope[..., 1:-1] = 0.5 * (shift[..., 2:] - shift[..., :-2])
    slope[..., 0] = 0.5 * (shift[..., 1] - shift[..., 0])
    slope[..., -1] = 0.5 * (shift[..., -1] - shift[..., -2])
    return slope


def _stretch_transposed(values: Volume) -> Volume:
    half = 0.5 * values
    out = np.zeros_like(values)
    out[..., 1:] += half[..., :-1]
    out[..., :-1] -= half[..., 1:]
    out[..., 0] -= half[..., 0]
    out[..., -1] += half[..., -1]
    return out


def _residual(terms: Sequence[Term], target: Any, shift: Volume) -> tuple[Volume, Volume, Volume]:
    """Return the residual and its derivatives by the places of both edges of each voxel."""
    total = np.zeros_like(shift) - np.asarray(target, dtype=np.float32)
    low, high = np.zeros_like(shift), np.zeros_like(shift)
    for term in terms:
        signal, density = transport(term.lines, np.float32(term.scale) * shift)
        weight = np.asarray(term.weight, dtype=np.float32)
        total += weight * signal
        low += weight * np.float32(term.scale) * density[..., :-1]
        high += weight * np.float32(term.scale) * density[..., 1:]
    return total, low, high


def _cost(terms: Sequence[Term], target: Any, shift: Volume, smoothness: Smoothness) -> float:
    scale = np.float32(max(abs(term.scale) for term in terms))
    square = (scale * stretch(shift)) ** 2
    if square.max() >= 1:
        return float("inf")
    total = _residual(terms, target, shift)[0]
    cost = 0.5 * float(np.vdot(total, total))
    cost += smoothness.barrier * float((square**2 / (1 - square)).sum())
    for axis, price in enumerate(smoothness.membrane):
        slope = np.diff(shift, axis=axis)
        cost += 0.5 * price * float(np.vdot(slope, slope))
    return cost


def _apply(low: Volume, high: Volume, shift: Volume) -> Volume:
    """Return the change of the residual that a change of the shift brings."""
    edge = np.empty((*shift.shape[:-1], shift.shape[-1] + 1), dtype=np.float32)
    edge[..., 1:-1] = 0.5 * (shift[..., 1:] + shift[..., :-1])
    edge[..., 0], edge[..., -1] = shift[..., 0], shift[..., -1]
    return high * edge[..., 1:] - low * edge[..., :-1]


def _apply_transposed(low: Volume, high: Volume, residual: Volume) -> Volume:
    edge = np.zeros((*low.shape[:-1], low.shape[-1] + 1), dtype=np.float32)
    edge[..., 1:] = high * residual
    edge[..., :-1] -= low * residual
    out = np.asarray(0.5 * (edge[..., 1:] + edge[..., :-1]), dtype=np.float32)
    out[..., 0] += 0.5 * edge[..., 0]
    out[..., -1] += 0.5 * edge[..., -1]
    return out


def _membrane(shift: Volume, prices: tuple[float, float, float]) -> Volume:
    out = np.zeros_like(shift)
    for axis, price in enumerate(prices):
        slope = np.float32(price) * np.diff(shift, axis=axis)
        rows = np.moveaxis(out, axis, 0)
        rows[:-1] -= np.moveaxis(slope, axis, 0)
        rows[1:] += np.moveaxis(slope, axis, 0)
    return out


def _diagonal(low: Volume, high: Volume, bend: Volume, prices: tuple[float, ...]) -> Volume:
    """Return the diagonal of the Gauss-Newton matrix, within the lines."""
    out = 0.25 * (high - low) ** 2
    out[..., :-1] += 0.25 * low[..., 1:] ** 2
    out[..., 1:] += 0.25 * high[..., :-1] ** 2
    out[..., :-1] += 0.25 * bend[..., 1:]
    out[..., 1:] += 0.25 * bend[..., :-1]
    return np.asarray(out + np.float32(2 * sum(prices)), dtype=np.float32)


def _step(
    terms: Sequence[Term],
    target: Any,
    shift: Volume,
    smoothness: Smoothness,
    n_inner: int,
) -> Volume:
    """Return one Gauss-Newton step, by conjugate gradients."""
    total, low, high = _residual(terms, target, shift)
    scale = np.float32(max(abs(term.scale) for term in terms))
    square = (scale * stretch(shift)) ** 2
    bend = np.float32(2 * smoothness.barrier) * scale**2 * square * (2 - square) / (1 - square) ** 2

    def smooth(x: Volume) -> Volume:
        bent = _stretch_transposed(bend * stretch(x))
        return _membrane(x, smoothness.membrane) + bent

    def matrix(x: Volume) -> Volume:
        return _apply_transposed(low, high, _apply(low, high, x)) + smooth(x)

    gradient = _apply_transposed(low, high, total) + smooth(shift)
    return _conjugate_gradients(
        matrix, -gradient, _diagonal(low, high, bend, smoothness.membrane), n_inner
    )


def _conjugate_gradients(matrix: Any, right: Volume, diagonal: Volume, n_steps: int) -> Volume:
    solution = np.zeros_like(right)
    rest = right.copy()
    conditioned = rest / diagonal
    direction = conditioned
    power = float(np.vdot(rest, conditioned))
    for _ in range(n_steps):
        if power <= 0:
            break
        image = matrix(direction)
        length = np.float32(power / float(np.vdot(direction, image)))
        solution += length * direction
        rest -= length * image
        conditioned = rest / diagonal
        before, power = power, float(np.vdot(rest, conditioned))
        direction = conditioned + np.float32(power / before) * direction
    return solution
