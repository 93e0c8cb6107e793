"""What a dream wants more of: one class for each kind of term, sums of them with weights, and their text.

>>> objective("mixed4:150*2 + class:tabby") == 2 * Layer("mixed4", 150) + Class("tabby")
True
"""

from kerasdream.objectives.caricature import Caricature
from kerasdream.objectives.class_score import Class
from kerasdream.objectives.content import Content
from kerasdream.objectives.direction import Direction
from kerasdream.objectives.function import Function, objective_of
from kerasdream.objectives.guide import Guide
from kerasdream.objectives.layer import Layer
from kerasdream.objectives.pixel_penalty import L2, TotalVariation
from kerasdream.objectives.statistics import Statistics
from kerasdream.objectives.stored_direction import StoredDirection
from kerasdream.objectives.term import Expression, Masked, Objective, Term, unwrap_mask, weighted_sum
from kerasdream.objectives.text import follows_whole_layers, objective
from kerasdream.objectives.view import ActivationView

__all__ = [
    "L2",
    "ActivationView",
    "Caricature",
    "Class",
    "Content",
    "Direction",
    "Expression",
    "Function",
    "Guide",
    "Layer",
    "Masked",
    "Objective",
    "Statistics",
    "StoredDirection",
    "Term",
    "TotalVariation",
    "follows_whole_layers",
    "objective",
    "objective_of",
    "unwrap_mask",
    "weighted_sum",
]
