"""The acting pages: rendered here with what is known now; commands go to the REST interface.

Services are shown from the watch cache: when the cluster does not answer, a page shows what was last known,
and says from when it is. Every page is of one cluster and one person: what he may not read is not there.
"""
