"""The pool of actors: how many there are, and what each has of a machine."""

import dataclasses
from collections.abc import Mapping

import ray.data

from kerasdream.errors import ConfigError
from kerasdream.ray.actor import Actor, Job, environment

Concurrency = int | tuple[int, int] | None


@dataclasses.dataclass(frozen=True)
class Pool:
    """So many actors, or from so many to so many; without a number as many as there is work and room for.

    >>> Pool((1, 8), num_gpus=1).device()
    {'num_gpus': 1}
    """

    concurrency: Concurrency = None
    num_gpus: float = 0

    def __post_init__(self) -> None:
        low, high = self.bounds()
        if low < 1 or (high is not None and high < low):
            raise ConfigError(
                f"concurrency={self.concurrency!r} was given; a number of actors from 1, or two such as (1, 8), was "
                "expected."
            )
        if self.num_gpus < 0:
            raise ConfigError(f"num_gpus={self.num_gpus!r} was given; 0, 1 or a part of 1 was expected.")

    def bounds(self) -> tuple[int, int | None]:
        """Return the smallest and the largest number of actors; None where only the cluster bounds it."""
        if self.concurrency is None:
            return 1, None
        return (self.concurrency, self.concurrency) if isinstance(self.concurrency, int) else self.concurrency

    def device(self) -> dict[str, float]:
        """Return what each actor asks of a machine: a GPU or a part of one, or else a core."""
        return {"num_gpus": self.num_gpus} if self.num_gpus else {"num_cpus": 1}

    def map(
        self,
        dataset: "ray.data.Dataset",
        actor: type[Actor],
        job: Job,
        rows: int | None,
        more: Mapping[str, object] | None = None,
    ) -> "ray.data.Dataset":
        """Return a data set of what actors make of another, so many rows at a time; None: a block."""
        low, high = self.bounds()
        return dataset.map_batches(
            actor,
            fn_constructor_kwargs={"job": job, **(more or {})},
            batch_size=rows,
            batch_format="pyarrow",
            zero_copy_batch=False,
            compute=ray.data.ActorPoolStrategy(min_size=low, max_size=high),
            runtime_env={"env_vars": environment(self.num_gpus > 0)},
            **self.device(),
        )
