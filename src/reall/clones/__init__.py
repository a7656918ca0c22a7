"""From read counts of diagnosis and relapse samples to subclones, trees and the clone of origin.

A laboratory room: it reads raw counts and hands over a `Story`; it never groups a patient.
"""
