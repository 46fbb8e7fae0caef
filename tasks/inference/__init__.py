"""Work done by loaded models, by one interface: in this process, or by the model host that keeps them loaded.

`Work` says what is to be done and which model does it; `perform` has it done. Each topic defines its own work beside
its engine (`tasks/speech/work.py` and so on); `kinds` lists what a host accepts.
"""
