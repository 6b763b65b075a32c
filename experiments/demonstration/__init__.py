"""The Larkmoor Courier, a newspaper that does not exist: its people, ideas, experiments and readers, as data.

Pure: texts and a seeded simulation, no database. `services.demonstration` tells it to the services of the house.
"""
