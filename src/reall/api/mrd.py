"""MRD from raw laboratory data, and over time; each result as `reall.mrd/1`."""

from reall.api.mrd_course import course
from reall.api.mrd_ddpcr import ddpcr
from reall.api.mrd_flow import flow
from reall.api.mrd_ngs import ngs
from reall.api.mrd_rqpcr import rqpcr

__all__ = ["course", "ddpcr", "flow", "ngs", "rqpcr"]
